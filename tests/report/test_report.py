"""The report: whole or not at all, nothing from outside, nothing unescaped, nothing hidden."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.fakes import fake_comparison, fake_simulation

from comaker import charts, model, report
from comaker.report import folder
from comaker.report.summary import (
    change_words,
    comparison_headline,
    difference_missing,
    simulation_headline,
)

EVIL = '</title><script>alert("x")</script>&'
MODEL = f"""
name = '{EVIL}'
slogan = '{EVIL}'
currency = "EUR"
launched = 2007-12-01
sources = ["F30"]
[assumption.reach]
value = 0.002
low = 0.0005
high = 0.01
source = '{EVIL}'
"""


class Page(HTMLParser):
    """The page's elements, text by tag, and whatever it would load from elsewhere."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text: dict[str, str] = {}
        self.open = [""]
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("href", "src", "xlink:href") and value:
                self.links.append(value)
            if name == "id" and value:
                self.ids.append(value)
        if tag not in ("meta", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.text[self.open[-1]] = self.text.get(self.open[-1], "") + data


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("model") / "evil.toml"
    path.write_text(MODEL, encoding="utf-8")
    return model.load(str(path))


@pytest.fixture(scope="module")
def compared(declared: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = fake_comparison(runs=4, weeks=60)
    return report.write_simulated(
        tmp_path_factory.mktemp("report") / "out",
        model=declared,
        now=found.now,
        changed=found.changed,
        comparison=found.metrics,
        changes={"task.stake.terms.cap": EVIL},
        result=found.as_dict(),
        command=f"comaker compare '{EVIL}'",
    )


def test_the_folder_holds_the_page_every_chart_twice_and_the_numbers(compared: Path) -> None:
    names = {path.name for path in compared.parent.iterdir()}
    drawn = {f"{name}{suffix}" for name in (*charts.NAMES, "difference") for suffix in (".svg", ".png")}
    assert names == {"index.html", "metrics.csv", "result.json"} | drawn


def test_the_page_needs_nothing_from_elsewhere(compared: Path) -> None:
    html = compared.read_text("utf-8")
    page = Page(html)
    assert "script" not in page.tags
    assert "link" not in page.tags
    files = {path.name for path in compared.parent.iterdir()}
    assert all(link.startswith("#") or link in files for link in page.links)
    assert not re.search(r"url\(\s*['\"]?(?!#)", html)
    assert "@import" not in html


def test_every_text_is_escaped(compared: Path) -> None:
    html = compared.read_text("utf-8")
    assert "<script" not in html
    assert EVIL in Page(html).text["title"]
    assert html.count("&lt;script&gt;") >= 5


def test_ids_are_unique_and_links_within_the_page_lead_somewhere(compared: Path) -> None:
    page = Page(compared.read_text("utf-8"))
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_every_picture_has_a_title_and_a_description_with_numbers(compared: Path) -> None:
    html = compared.read_text("utf-8")
    pictures = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(pictures) == 2 * (len(charts.NAMES) + 1)
    for picture in pictures:
        title, desc = re.search(r'aria-labelledby="(\S+) (\S+)"', picture).groups()
        assert f'id="{title}"' in picture
        described = re.search(rf'<desc id="{desc}">(.*?)</desc>', picture)
        assert described
        assert re.search(r"\d", described.group(1))


def test_every_chart_file_stands_alone_under_its_title_inside_its_edges(compared: Path) -> None:
    for name in (*charts.NAMES, "difference"):
        page = ElementTree.parse(compared.parent / f"{name}.svg").getroot()
        paper, title, *_, chart = page
        assert paper.attrib["fill"] == "#ffffff"
        assert title.text in compared.read_text("utf-8")
        assert "Simulated, 4 paired runs" in " ".join(page.itertext())
        for start, side in (("x", "width"), ("y", "height")):
            assert float(chart.attrib[start]) + float(chart.attrib[side]) <= float(page.attrib[side])
        assert (compared.parent / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_not_identified_is_said_so(compared: Path) -> None:
    assert "not identified" in Page(compared.read_text("utf-8")).text["span"]


def test_the_numbers_are_there_for_machines(compared: Path) -> None:
    result = json.loads((compared.parent / "result.json").read_text("utf-8"))
    assert result["metrics"][-1]["now"] == {"median": None, "low": None, "high": None}
    with (compared.parent / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [each["name"] for each in result["metrics"]]
    assert float(rows[0]["difference_mean"]) == result["metrics"][0]["difference"]["mean"]


def test_a_report_takes_the_place_of_an_earlier_one(declared: Any, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with folder.whole(out) as earlier:
        (earlier / folder.MARK).write_text(folder.marked({}))
        (earlier / "difference.svg").write_text("earlier")
    now = fake_simulation(runs=2, weeks=30)
    page = report.write_simulated(out, model=declared, now=now, result={}, command="again")
    assert "again" in Page(page.read_text("utf-8")).text["pre"]
    assert not list(out.glob("difference*"))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_with_other_files_is_left_alone(declared: Any, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    (tmp_path / "result.json").write_text('{"mine": 1}')
    with pytest.raises(report.ReportError, match="holds other files than a report"):
        report.write_simulated(
            tmp_path, model=declared, now=fake_simulation(runs=1, weeks=5), result={}, command=""
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["letter.txt", "result.json"]


def test_a_file_and_a_missing_parent_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(report.ReportError, match="this is a file"):
        report.check(tmp_path / "file")
    with pytest.raises(report.ReportError, match="does not exist: make it first"):
        report.check(tmp_path / "none" / "out")


def test_an_empty_folder_may_be_used(tmp_path: Path) -> None:
    assert report.check(tmp_path) == tmp_path


@pytest.mark.parametrize("earlier", [False, True])
def test_nothing_half_written_stays_when_writing_fails(tmp_path: Path, earlier: bool) -> None:
    out = tmp_path / "out"
    if earlier:
        with folder.whole(out) as unfinished:
            (unfinished / folder.MARK).write_text(folder.marked({}))

    def write_half() -> None:
        with folder.whole(out) as unfinished:
            (unfinished / "index.html").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert [path.name for path in tmp_path.iterdir()] == (["out"] if earlier else [])
    if earlier:
        assert [path.name for path in out.iterdir()] == [folder.MARK]


def comparison_row(**values: Any) -> dict[str, Any]:
    row = {"name": "margin", "unit": "EUR", "n": 9, "now_median": 100.0, "changed_median": 150.0}
    return row | {"difference_mean": 50.0, "difference_low": 20.0, "difference_high": 80.0} | values


def test_a_change_of_money_is_said_with_its_currency_any_other_as_written() -> None:
    changes = {
        "task.stake.terms.cap": "1000.00",
        "offer.album.price": "20",
        "assumption.reach": "0.002",
        "task.stake.terms.closes": "at deadline",
    }
    said = change_words(model.load("my-major-company"), changes).replace("\N{NO-BREAK SPACE}", " ")
    assert said.split(" and ") == [
        "the cap at EUR 1,000.00 (task.stake.terms.cap)",
        "the price at EUR 20.00 (offer.album.price)",
        "assumption.reach = 0.002",
        "task.stake.terms.closes = at deadline",
    ]


def test_a_difference_without_a_pair_is_told_from_one_that_nothing_identifies() -> None:
    assert difference_missing(comparison_row(n=0)) == "no pair"
    nan = float("nan")
    assert difference_missing(comparison_row(n=0, now_median=nan, changed_median=nan)) == "not identified"


def test_the_report_of_a_changed_simulation_lists_its_changes(declared: Any, tmp_path: Path) -> None:
    page = report.write_simulated(
        tmp_path / "out",
        model=declared,
        now=fake_simulation(runs=1, weeks=5),
        changes={"assumption.reach": "0.004"},
        result={},
        command="",
    )
    assert "<dt>Change</dt><dd><code>assumption.reach = 0.004</code>" in page.read_text("utf-8")


def test_the_headline_says_what_the_change_does_with_its_interval() -> None:
    row = comparison_row(name="producers_per_project", unit="producers")
    told = comparison_headline([row], "the cap at EUR 1,000.00").replace("\N{NO-BREAK SPACE}", " ")
    assert told == (
        "With the cap at EUR 1,000.00, producers per project rise by 50 (95 % interval 20 to 80)."
    )


def test_the_headline_does_not_claim_what_the_runs_cannot_tell() -> None:
    rows = [comparison_row(difference_low=-3.0), comparison_row(name="gini", unit="", difference_high=-1.0)]
    rows[1]["difference_low"] = -4.0
    rows[1]["difference_mean"] = -2.5
    told = comparison_headline(rows, "k = v").replace("\N{NO-BREAK SPACE}", " ")
    assert told == (
        "With k = v, gini falls by 2.50 (95 % interval 1 to 4), "
        "and the effect on margin cannot be told from zero (95 % interval −EUR 3 to +EUR 80)."
    )


def test_the_headline_says_when_a_change_changes_nothing() -> None:
    row = comparison_row(difference_mean=0.0, difference_low=0.0, difference_high=0.0)
    assert comparison_headline([row], "k = v") == "With k = v, margin does not change."


def test_the_headline_says_when_nothing_is_identified() -> None:
    nan = float("nan")
    row = comparison_row(difference_mean=nan, difference_low=nan, difference_high=nan)
    assert "no metric is identified" in comparison_headline([row], "k = v")
    alone = {"name": "margin", "unit": "EUR", "median": nan, "low": nan, "high": nan, "n": 0}
    assert "no metric is identified" in simulation_headline([alone], weeks=4, customers=9)
