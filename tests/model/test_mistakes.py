"""Every mistake of a file is reported at once, each with its line, key, value and what would be right."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from comaker.model import ModelError, Problem

Problems = Callable[..., tuple[Problem, ...]]
LineOf = Callable[[str], int]


@pytest.mark.parametrize(
    ("old", "new", "key", "right"),
    [
        ('goal = "700.00"', 'gaol = "700.00"', "task.stake.terms.gaol", "did you mean 'goal'?"),
        ('goal = "700.00"', 'goal = "-700.00"', "task.stake.terms.goal", "must not be negative"),
        ('goal = "700.00"', 'goal = "700.001"', "task.stake.terms.goal", "2 decimals, not 3"),
        ('goal = "700.00"', 'goal = "1.234,50"', "task.stake.terms.goal", '"1234.50"'),
        ('goal = "700.00"', "goal = 700.00", "task.stake.terms.goal", "in quotes"),
        ('goal = "700.00"', "goal = true", "task.stake.terms.goal", "in quotes"),
        ('goal = "700.00"', 'goal = "705.00"', "task.stake.terms.goal", "multiple of the share price, 10.00"),
        ('goal = "700.00"', 'goal = "0.00"', "task.stake.terms.goal", "more than zero"),
        ('share_price = "10.00"', 'share_price = "0"', "task.stake.terms.share_price", "more than zero"),
        ('cap = "70.00"', 'cap = "710.00"', "task.stake.terms.cap", "must not exceed the goal, 700.00"),
        ('cap = "70.00"', 'cap = "75.00"', "task.stake.terms.cap", "multiple of the share price"),
        ('cap = "70.00"', 'cap = "0"', "task.stake.terms.cap", "more than zero"),
        ('cap = "70.00"', "cap = []", "task.stake.terms.cap", "at least one step"),
        ('cap = "70.00"', 'closes = "at deadline"', "task.stake.terms.closes", "needs open_for"),
        ('cap = "70.00"', 'open_for = "3 months"', "task.stake.terms.open_for", "90 days"),
        ('cap = "70.00"', 'partial = "trims"', "task.stake.terms.partial", "did you mean 'trim'?"),
        ('producer = "30%"', 'producer = "130%"', "sharing.album.to.producer", "at most 100%"),
        ('producer = "30%"', 'producer = "60%", firm = "50%"', "sharing.album.to", "110%, more than 100%"),
        ('producer = "30%"', 'producer = "30%", firm = "50%"', "sharing.album.to", "leave it out"),
        ('producer = "30%"', 'producer = "30%", artst = "5%"', "sharing.album.to.artst", "no such role"),
        ('producer = "30%"', "producer = 0.3", "sharing.album.to.producer", '"30%"'),
        (
            '{ producer = "stake" }',
            '{ producer = "choose" }',
            "sharing.album.by_shares.producer",
            "not of kind",
        ),
        ('["stake", "choose"]', '["steak", "choose"]', "role.producer.tasks.0", "did you mean 'stake'?"),
        ('kind = "stake"', 'kind = "steak"', "task.stake.kind", "did you mean 'stake'?"),
        ('kind = "stake"', "", "task.stake.kind", "is missing"),
        ('stage = "production"', 'stage = "produktion"', "task.stake.stage", "did you mean 'production'?"),
        ('stage = "production"', "", "task.stake.stage", "is missing: when in the making"),
        ('after = ["stake"]', 'after = ["choose"]', "task.choose.after", "choose waits for choose;"),
        ('after = ["stake"]', "asks = { mentel = 'x' }", "task.choose.asks.mentel", "did you mean 'mental'?"),
        ('kind = "literature"', 'kind = "litterature"', "technique.faq.kind", "did you mean 'literature'?"),
        ("{ clarity =", "{ clarety =", "technique.faq.raises.clarety", "did you mean 'clarity'?"),
        ("value = 0.15", "value = true", "technique.faq.raises.clarity.value", "without quotes"),
        ("value = 0.15", "value = nan", "technique.faq.raises.clarity.value", "finite"),
        ("value = 0.15", "value = 0.4", "technique.faq.raises.clarity.value", "0.05 to 0.3"),
        ("high = 0.3", "high = 3", "technique.faq.raises.clarity.high", "between 0 and 1"),
        ("high = 0.3,", "", "technique.faq.raises.clarity.high", "is missing"),
        (
            'source = "assumed" } }',
            'source = " " } }',
            "technique.faq.raises.clarity.source",
            "say something",
        ),
        ('kind = "literature"', 'kind = "literature"\non = 1', "technique.faq.on", "true or false"),
        ("high = 0.01", "high = inf", "assumption.reach.high", "finite"),
        ("low = 0.0005", "low = 0.5", "assumption.reach.low", "must not exceed high"),
        ("launched = 2007-12-01", 'launched = "2007-12-01"', "launched", "without quotes"),
        ("launched = 2007-12-01", "launched = 2007-12-01T00:00:00Z", "launched", "without a time"),
        ('currency = "EUR"', 'currency = "euro"', "currency", '"EUR"'),
        ('name = "Small"', "name = 3", "name", "in quotes"),
        ('name = "Small"', 'name = "Small"\nslogn = "x"', "slogn", "did you mean 'slogan'?"),
        ("[role.producer]", "[role.Producer]", "role.Producer", "small letter"),
        ("[role.producer]", "[roles.producer]", "roles", "did you mean 'role'?"),
        ("[role.producer]", "[resource]\nfans = 3\n[role.producer]", "resource.fans", "must be a table"),
    ],
)
def test_it_says_where_and_what_would_be_right(
    problems_with: Problems, line_of: LineOf, old: str, new: str, key: str, right: str
) -> None:
    problem = next(each for each in problems_with((old, new)) if each.key == key)
    assert right in problem.message
    assert problem.file.endswith("small.toml")
    if "is missing" not in problem.message:
        lines_before = new[: new.find(key.rpartition(".")[2])].count("\n")
        assert problem.line == line_of(old) + lines_before


def test_it_reports_every_mistake_of_a_file_at_once(problems_with: Problems) -> None:
    problems = problems_with(
        ('goal = "700.00"', 'gaol = "700.00"'),
        ('kind = "literature"', 'kind = "litterature"'),
        ('["stake", "choose"]', '["steak", "choose"]'),
        ('producer = "30%"', 'producer = "130%"'),
        ("high = 0.01", "high = nan"),
        ("in_force = 2008-05-22", "in_force = 2006-05-22"),
    )
    assert {problem.key for problem in problems} >= {
        "task.stake.terms.gaol",
        "task.stake.terms.goal",
        "technique.faq.kind",
        "role.producer.tasks.0",
        "sharing.album.to.producer",
        "assumption.reach.high",
        "amendment.0.in_force",
    }
    assert [problem.line for problem in problems] == sorted(problem.line for problem in problems)
    assert len(set(problems)) == len(problems)


def test_a_message_reads_as_place_key_value_and_remedy(problems_with: Problems) -> None:
    problems = problems_with(('cap = "70.00"', 'cap = "75.00"'))
    place, _, said = str(problems[0]).partition(" ")
    assert place.endswith("small.toml:15:")
    assert said == (
        'task.stake.terms.cap = "75.00": must be a multiple of the share price, 10.00, more than zero'
    )
    assert str(ModelError(problems)) == "\n".join(map(str, problems))


@pytest.mark.parametrize(
    ("steps", "key", "right"),
    [
        ('{ from = "10.00", cap = "50.00" }', "cap.0.from", "the first step begins"),
        ('{ from = "0", cap = "50.00" }, { from = "0", cap = "20.00" }', "cap.1.from", "overlap"),
        (
            '{ from = "0", cap = "50.00" }, { from = "90.00", cap = "20.00" },'
            '{ from = "80.00", cap = "10.00" }',
            "cap.2.from",
            "overlap",
        ),
        ('{ from = "0", cap = "50.00" }, { from = "95.00", cap = "20.00" }', "cap.1.from", "multiple"),
        ('{ from = "0", cap = "50.00" }, { from = "90.00", cap = "25.00" }', "cap.1.cap", "multiple"),
        (
            '{ from = "0", cap = "50.00" }, { from = "90.00", cup = "20.00" }',
            "cap.1.cup",
            "did you mean 'cap'?",
        ),
        ("3", "cap.0", "must be a table"),
        (", ".join(f'{{ from = "{n}0.00", cap = "10.00" }}' for n in range(9)), "cap", "at most 8 steps"),
    ],
)
def test_it_refuses_steps_that_make_no_order(
    problems_with: Problems, steps: str, key: str, right: str
) -> None:
    problems = problems_with(('cap = "70.00"', f"cap = [\n{steps}\n]"))
    problem = next(each for each in problems if each.key == f"task.stake.terms.{key}")
    assert right in problem.message
    assert problem.line == (15 if key == "cap" else 16)


def test_it_names_the_circle_of_tasks_that_wait_for_each_other(problems_with: Problems) -> None:
    problems = problems_with(
        ('kind = "stake"', 'kind = "stake"\nafter = ["choose"]'), ('after = ["stake"]', 'after = ["stake"]')
    )
    assert len(problems) == 1
    assert "choose waits for stake" in problems[0].message
    assert "stake waits for choose" in problems[0].message


def test_a_mistake_of_the_currency_is_not_blamed_on_amounts(problems_with: Problems) -> None:
    assert [each.key for each in problems_with(('"EUR"', '"XYZ"'))] == ["currency"]
    three = ('cap = "70.00"', 'cap = "70.000"')
    assert [each.key for each in problems_with(('"EUR"', '"XYZ"'), three)] == ["currency"]


def test_amounts_of_an_unknown_currency_are_said_with_two_decimals(problems_with: Problems) -> None:
    problems = problems_with(('"EUR"', '"XYZ"'), ('cap = "70.00"', 'cap = "710.00"'))
    assert problems[-1].message.endswith("exceed the goal, 700.00")


def test_a_currency_without_decimals_refuses_them(problems_with: Problems) -> None:
    assert {each.key for each in problems_with(('"EUR"', '"JPY"'))} >= {
        "task.stake.terms.share_price",
        "task.stake.terms.goal",
        "task.stake.terms.cap",
    }
