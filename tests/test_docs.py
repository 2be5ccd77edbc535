"""The pages say what the code does: numbers, names and links on them are held to the source."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from comaker.model import load
from comaker.rules import ballot, participation, promotion, purchase, sharing, stake
from comaker.simulate import chance
from comaker.simulate.behaviour import effects_of
from comaker.simulate.metrics import METRICS, MONEY
from comaker.simulate.record import ENTRIES
from comaker.simulate.run import plan_of
from comaker.simulate.terms import staking_task

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ODD = (ROOT / "docs" / "odd.md").read_text("utf-8")
MODEL = load("my-major-company")

PARTS = [
    "1 Purpose and patterns",
    "2 Entities, state variables and scales",
    "3 Process overview and scheduling",
    "4 Design concepts",
    "5 Initialization",
    "6 Input data",
    "7 Submodels",
]
CONCEPTS = (
    "Basic principles,Emergence,Adaptation,Objectives,Learning,Prediction,Sensing,Interaction,"
    "Stochasticity,Collectives,Observation"
).split(",")

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def section(title: str, *, until: str = "## ") -> str:
    """The text of the ODD page under a heading."""
    return re.split(rf"^#*{until}", ODD.split(f"# {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(first: str, text: str) -> list[list[str]]:
    """The cells of every table row that begins with this cell."""
    lines = [line for line in text.splitlines() if line.startswith(f"| {first} |")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are made from them where pages are shown."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page):
    broken = []
    for link in LINK.findall(page.read_text("utf-8")):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


def test_the_odd_headings_stand_in_their_order():
    found = re.findall(r"^## (.+)$", ODD, re.MULTILINE)
    assert found[: len(PARTS)] == PARTS


def test_all_eleven_design_concepts_are_spoken_to():
    design = ODD[ODD.index("## 4 Design concepts") : ODD.index("## 5 Initialization")]
    parts = re.split(r"^### (.+)$", design, flags=re.MULTILINE)[1:]
    assert parts[::2] == CONCEPTS
    assert all(text.strip() for text in parts[1::2])


@pytest.mark.parametrize("name", sorted(MODEL.assumption))
def test_every_assumption_is_there_with_its_value_range_unit_and_source(name):
    one = MODEL.assumption[name]
    written = [f"`{name}`", f"{one.value:g}", f"{one.low:g} to {one.high:g}", one.unit, one.source]
    assert rows(f"`{name}`", section("The assumptions")) == [written]


def test_no_assumption_is_there_that_the_model_lacks():
    text = section("The assumptions", until="What one visit does")
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == set(MODEL.assumption)


@pytest.mark.parametrize("name", sorted(MODEL.technique))
def test_what_a_technique_raises_is_there_with_its_range(name):
    written = [
        [f"`{name}`", str(key), f"{one.value:g}", f"{one.low:g} to {one.high:g}", one.source]
        for key, one in MODEL.technique[name].raises.items()
    ]
    assert rows(f"`{name}`", section("The assumptions")) == written


@pytest.mark.parametrize(("group", "participants"), [("newcomer", False), ("participant", True)])
def test_the_techniques_add_up_to_what_is_written(group, participants):
    found = effects_of(MODEL, task=staking_task(MODEL), participants=participants)
    values = (found.practice, found.gain, found.clarity, found.skill, found.confidence, found.willingness)
    assert rows(group, ODD) == [[group, *(f"{value:.3f}" for value in values)]]


def test_the_fitted_numbers_are_those_that_are_written():
    behaviour = plan_of(MODEL).behaviour
    assert f"exponent {behaviour.wish_exponent:.4f}" in ODD
    assert f"σ = {behaviour.activity_sigma:.3f}" in ODD


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_is_explained_with_its_unit(metric):
    unit = metric.unit.replace(MONEY, "currency")
    found = rows(f"`{metric.name}`", section("What the metrics mean"))
    assert [cells[:3] for cells in found] == [[f"`{metric.name}`", unit, metric.meaning]]
    assert found[0][3]


def test_every_account_of_the_firm_is_there():
    for component, side, cause in ENTRIES:
        assert f"| {component} | {side} | {cause} |" in ODD


def test_every_decision_that_draws_has_its_number_there():
    traits = [number for name, number in vars(chance).items() if name.startswith("TRAIT")]
    numbers = {number for name, number in vars(chance).items() if name.isupper()} - set(traits)
    written = {int(number) for number in re.findall(r"^\| (\d+) \| [a-z(]", ODD, re.MULTILINE)}
    assert numbers <= written
    assert rows(f"{min(traits)} to {max(traits)}", ODD)


def test_every_rule_that_is_named_as_deciding_exists():
    rules = {
        module.__name__.rpartition(".")[2]: module
        for module in (ballot, participation, promotion, purchase, sharing, stake)
    }
    named = re.findall(rf"`({'|'.join(rules)})\.(\w+)`", section("3 Process overview and scheduling"))
    assert len(named) > 10
    assert all(callable(getattr(rules[module], function, None)) for module, function in named)


def test_every_file_that_is_named_exists():
    named = set(re.findall(r"`([\w/]+\.py)`", ODD))
    assert len(named) > 10
    missing = [
        name
        for name in named
        if not (ROOT / "tests" / name).exists() and not (ROOT / "src/comaker/simulate" / name).exists()
    ]
    assert not missing
