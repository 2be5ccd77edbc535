"""The report of a measurement: every figure in words, nothing from outside, nothing unescaped, no NaN."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.report.measurement import EVIL, MARGIN, MONEY, SHARE, TIME, everything, measurement
from tests.report.test_report import Page

from comaker import model, report
from comaker.charts.amounts import Money
from comaker.measure.figures import Section
from comaker.report import folder
from comaker.report.measured import write_measured
from comaker.report.telling import headline
from comaker.report.wording import shown, written

EUR, YEN = Money("EUR", 2), Money("JPY", 0)


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def write(out: Path, **other: Any) -> Path:
    declared = model.load("my-major-company")
    measured = other.pop("measured", None) or measurement(**other)
    return write_measured(
        out, measured=measured, model=declared, events=f"{EVIL}.parquet", command=f"comaker measure '{EVIL}'"
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("report") / "out")


@pytest.fixture(scope="module")
def html(page: Path) -> str:
    return page.read_text("utf-8")


def test_the_folder_holds_the_page_the_figures_every_table_the_pictures_and_the_result(page: Path) -> None:
    names = {path.name for path in page.parent.iterdir()}
    tables = {"rcov-links.csv", "rcov-accounts.csv", "links-by-day-task.csv", "links-empty.csv"}
    pictures = {"rcov.svg", "funnel.svg", "links-intervals.svg"}
    assert names == {"index.html", "figures.csv", "result.json", "links-funnel.csv"} | tables | pictures


def test_the_page_needs_nothing_from_elsewhere_and_its_links_lead_somewhere(page: Path, html: str) -> None:
    found = Page(html)
    files = {path.name for path in page.parent.iterdir()}
    assert "script" not in found.tags
    assert all(link[1:] in found.ids if link.startswith("#") else link in files for link in found.links)
    assert not re.search(r"url\(\s*['\"]?(?!#)", html)
    assert len(found.ids) == len(set(found.ids))
    assert "default-src 'none'" in html


def test_every_text_is_escaped(html: str) -> None:
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 8


def test_no_nan_and_no_none_reaches_the_page(html: str) -> None:
    assert not re.search(r"\b(nan|NaN|None|NaT|inf)\b", re.sub(r"<style>.*?</style>", "", html, flags=re.S))


def test_every_section_has_its_question_its_remarks_and_its_tables(html: str) -> None:
    for section in measurement().sections.values():
        assert section.question in html
        assert f'id="part-{section.key}"' in html
    assert "<li>Another.</li>" in html
    assert "The first 30 of 40 rows." in html
    assert "No rows." in html


def test_a_figure_stands_with_its_unit_interval_n_and_how_it_is_known(html: str) -> None:
    text = plain(html)
    assert '>38.2 %</span><span class="spread">31.1 to 44.9 %</span>' in text
    assert ">−EUR 12.5 a case</span>" in text
    assert ">2.50 h</span>" in text
    assert '1,234<span class="spread">joins</span>' in text
    for word in ("exact", "estimated", "mechanical"):
        assert f'class="basis">{word}<' in text
    assert "Share of joins that earlier joins caused" in text


def test_what_is_not_identified_says_which_data_would_identify_it(html: str) -> None:
    assert "buy: <b>not identified:</b> no act says how long it took: record seconds" in html
    assert "Not identified: feeling. Which data would identify it?" in html


def test_breakdowns_beyond_what_a_page_holds_are_in_the_file(page: Path, html: str) -> None:
    assert "2 more in" in html
    with (page.parent / "figures.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1 + len(everything().figures)
    assert rows[1]["section"] == "links"
    assert rows[1]["value"] == "0.382"
    assert rows[-1]["value"] == ""


def test_the_result_is_what_json_prints_and_marks_the_folder(page: Path) -> None:
    result = json.loads((page.parent / "result.json").read_text("utf-8"))
    assert result.pop("comaker_report") == 1
    assert result == json.loads(json.dumps(measurement().as_dict()))
    assert folder.check(page.parent) == page.parent


def test_tables_are_written_whole_and_unrounded(page: Path) -> None:
    table = pd.read_csv(page.parent / "links-by-day-task.csv")
    assert len(table) == 40
    assert table.money_minor.eq(123_456).all()


def test_rows_that_were_left_out_are_counted_with_their_reason(html: str) -> None:
    assert "7 rows that cannot be measured (7: no kind)" in html


def test_simulated_events_are_called_so_and_measured_ones_are_not(html: str, tmp_path: Path) -> None:
    simulated = write(tmp_path / "out", label="simulated", runs=2).read_text("utf-8")
    assert "<strong>Simulated.</strong> These events come from 2 simulated runs." in simulated
    assert "<dt>Runs</dt><dd>2</dd>" in simulated
    assert "Simulated" not in html


def test_the_picture_says_every_link_and_all_money_in_words(html: str) -> None:
    told = plain(re.search(r'<desc id="rcov-wide-desc">(.*?)</desc>', html).group(1))
    assert "acquisition (VP to RC): 38% of joins follow from joins" in told
    assert "socialization (O to RC): not identified" in told
    assert "Revenues: EUR 1,200 thousand" in told
    assert "Costs: EUR 410 thousand" in told


def test_a_section_without_anything_and_one_where_nothing_is_known_stand_too(tmp_path: Path) -> None:
    bare = Section(key="bare", title="Bare", question="What?", figures=[])
    dark = Section(
        key="dark", title="Dark", question="Why?", figures=[SHARE.missing("x", of=f"t{n}") for n in range(3)]
    )
    page = write(tmp_path / "out", measured=measurement(bare, dark)).read_text("utf-8")
    assert page.count("<dt>Branching ratio</dt><dd>t0, t1, t2: x<") == 1
    assert "<svg" not in page
    assert "0 of 3 figures are identified" in page


def test_the_headline_says_margin_and_links() -> None:
    told = plain(headline(measurement(), EUR))
    start = "Costs exceed revenues by EUR 790 thousand; two of the six links are measured, the clearest "
    assert told.startswith(start)


def test_every_limitation_stands_with_its_verdict_its_criterion_and_its_remedy(tmp_path: Path) -> None:
    row = {"limitation": "blurred roles", "verdict": "seen", "evidence": f"67 % {EVIL}"}
    verdicts = pd.DataFrame([row | {"criterion": "above 5 %", "remedy": "in use: rules-page"}])
    section = Section(key="limitations", title="L", question="?", figures=[], tables={"verdicts": verdicts})
    page = write(tmp_path / "out", measured=measurement(section)).read_text("utf-8")
    for words in ("Blurred roles<", ">seen<", ">in use: rules-page<", "<dd>above 5 %</dd>"):
        assert words in page
    assert "<script" not in page


def test_the_headline_names_the_limitations_that_were_seen() -> None:
    verdicts = pd.DataFrame(
        {"limitation": ["blurred roles", "unclear sharing"], "verdict": ["seen", "cannot tell"]}
    )
    section = Section(
        key="limitations", title="", question="", figures=[SHARE.missing("x")], tables={"verdicts": verdicts}
    )
    told = headline(measurement(section), EUR)
    assert told == "One limitation is seen (blurred roles)."


def test_money_is_written_in_the_unit_of_its_currency() -> None:
    assert plain(written(MARGIN.record(123_456, n=1), EUR).value) == "EUR 1,235"
    assert plain(written(MARGIN.record(123_456, n=1), YEN).value) == "JPY 123,456"
    assert plain(written(MONEY.record(550, n=1), EUR).value) == "EUR 5.50 a case"


def test_times_are_written_in_a_unit_that_people_use() -> None:
    assert plain(written(TIME.record(45, n=1), EUR).value) == "45 s"
    assert plain(written(TIME.record(600, n=1), EUR).value) == "10 min"
    assert plain(written(TIME.estimate(3600, 1800, 9000, n=2), EUR).value) == "1 h"


def test_columns_of_tables_are_read_by_their_units() -> None:
    table = pd.DataFrame(
        {
            "day": [0],
            "price_minor": [1050],
            "kept_share": [0.5],
            "at_us": [86_400_000_000],
            "customer": [12345],
            "seen": [12345],
            "known": [True],
            "gap": [float("nan")],
        }
    )
    found = shown(table, EUR, rows=5)
    assert found.headings[1:4] == ["Price, EUR", "Kept, %", "At, UTC"]
    assert found.rows == [["1970-01-01", "10.5", "50", "1970-01-02 00:00", "12345", "12,345", "yes", "–"]]


def test_nothing_is_written_over_somebody_elses_files(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(report.ReportError, match="holds other files than a report"):
        write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
