"""Terms are amended, never edited: which terms are in force when, and what overrides do to them."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comaker.model import Model, ModelError, Problem, amended_on, load, stake_terms

Problems = Callable[..., tuple[Problem, ...]]
LineOf = Callable[[str], int]
Loads = Callable[..., Model]

FIRST, SECOND, THIRD = dt.date(2007, 12, 1), dt.date(2008, 5, 22), dt.date(2009, 5, 5)


SHARING_IN_OTHER_WORDS = '''by_shares.producer = "stake"
to.producer = "30.00 %"'''


def cap_shares(model: Model) -> int:
    return stake_terms(model).cap_shares[0]


def test_it_gives_the_terms_in_force_on_any_day(model_with: Loads) -> None:
    model = model_with()
    assert [version.in_force for version in model.versions] == [FIRST, SECOND, THIRD]
    assert [cap_shares(version.model) for version in model.versions] == [7, 1, 1]
    assert [stake_terms(version.model).goal_shares for version in model.versions] == [70, 70, 100]
    assert cap_shares(model.at(SECOND - dt.timedelta(days=1))) == 7
    assert cap_shares(model.at(SECOND)) == 1
    assert stake_terms(model.at(dt.date(2100, 1, 1))).goal_shares == 100


def test_it_says_until_when_a_value_of_the_launch_holds(model_with: Loads) -> None:
    model = model_with()
    assert amended_on(model, "task.stake.terms.cap") == SECOND
    assert amended_on(model, "task.stake.terms") == SECOND
    assert amended_on(model, "task.stake.terms.goal") == THIRD
    assert amended_on(model, "task.stake.terms.share_price") is None
    with pytest.raises(ValueError, match="key path"):
        amended_on(model, "task..stake")


def test_new_terms_begin_at_midnight_utc(model_with: Loads) -> None:
    model = model_with()
    paris = dt.timezone(dt.timedelta(hours=2))
    assert cap_shares(model.at(dt.datetime(2008, 5, 22, 1, 59, 59, tzinfo=paris))) == 7
    assert cap_shares(model.at(dt.datetime(2008, 5, 22, 2, 0, tzinfo=paris))) == 1


def test_no_terms_are_in_force_before_the_launch(model_with: Loads) -> None:
    with pytest.raises(ValueError, match="launched on 2007-12-01"):
        model_with().at(dt.date(2007, 11, 30))


@pytest.fixture(scope="module")
def gallery_model() -> Model:
    return load("my-major-company")


@given(when=st.dates(FIRST, dt.date(2030, 1, 1)))
def test_the_terms_in_force_are_those_of_the_last_amendment_before(
    gallery_model: Model, when: dt.date
) -> None:
    model = gallery_model
    begun = [version for version in model.versions if version.in_force <= when]
    assert model.at(when) is begun[-1].model


def test_amendments_apply_by_date_whatever_their_order_in_the_file(model_with: Loads) -> None:
    later = ("in_force = 2008-05-22", "in_force = 2010-01-01")
    assert [version.in_force for version in model_with(later).versions] == [FIRST, THIRD, dt.date(2010, 1, 1)]


def test_a_version_keeps_its_hash_whatever_the_order_spelling_and_comments(model_with: Loads) -> None:
    model = model_with()
    same = model_with(
        ('share_price = "10.00"\ngoal = "700.00"', 'goal = "700" # a comment\nshare_price = "10.0"'),
        ('to = { producer = "30%" }\nby_shares = { producer = "stake" }', SHARING_IN_OTHER_WORDS),
        ("high = 0.01\nsource", 'note = "mind"\nhigh = 1e-2\nsource'),
        ('cap = "70.00"', 'cap = [{ cap = "70", from = "0" }]\ncloses = "at goal"'),
        ("raises = { clarity =", "raises = { clarity = "),
    )
    assert [version.hash for version in same.versions] == [version.hash for version in model.versions]
    assert same.hash == model.hash


@pytest.mark.parametrize(
    "exchange",
    [
        ('cap = "70.00"', 'cap = "60.00"'),
        ('producer = "30%"', 'producer = "30.0001%"'),
        ("value = 0.002", "value = 0.0020001"),
        ('"task.stake.terms.goal" = "1000.00"', '"task.stake.terms.goal" = "990.00"'),
        ("in_force = 2009-05-05", "in_force = 2009-05-06"),
    ],
)
def test_a_change_of_meaning_changes_the_hash(model_with: Loads, exchange: tuple[str, str]) -> None:
    assert model_with(exchange).hash != model_with().hash


def test_hashes_are_sixteen_hexadecimal_digits_and_differ(model_with: Loads) -> None:
    model = model_with()
    hashes = {model.hash, *(version.hash for version in model.versions)}
    assert len(hashes) == 4
    assert all(len(each) == 16 and int(each, 16) >= 0 for each in hashes)
    assert [version.model.hash for version in model.versions] == [version.hash for version in model.versions]


def test_a_model_survives_being_sent_to_another_process(model_with: Loads) -> None:
    model = model_with()
    again = pickle.loads(pickle.dumps(model))
    assert again.hash == model.hash
    assert [each.hash for each in again.versions] == [each.hash for each in model.versions]


def test_an_override_applies_to_the_launch_and_later_amendments_still_count(model_with: Loads) -> None:
    model = model_with(changes=("task.stake.terms.cap=50.00",))
    assert [cap_shares(version.model) for version in model.versions] == [5, 1, 1]


def test_an_override_holds_for_ever_without_amendments(model_with: Loads) -> None:
    model = model_with(changes=("task.stake.terms.cap=50.00",), amendments=False)
    assert [cap_shares(version.model) for version in model.versions] == [5]
    assert model.amendment == ()


def test_an_override_means_what_the_file_means(model_with: Loads) -> None:
    assert model_with(changes=("task.stake.terms.cap = 50",)).hash == model_with(('"70.00"', '"50.00"')).hash


@pytest.mark.parametrize(
    ("change", "reads", "value"),
    [
        ("technique.faq.on=false", lambda m: m.technique["faq"].on, False),
        ("assumption.reach=0.005", lambda m: m.value("reach"), 0.005),
        ("assumption.reach.value=0.005", lambda m: m.value("reach"), 0.005),
        ("technique.faq.raises.clarity=0.2", lambda m: m.technique["faq"].raises["clarity"].value, 0.2),
        ("sharing.album.to.producer=40%", lambda m: m.sharing["album"].to["producer"], 400_000),
        ("task.stake.terms.partial=trim", lambda m: stake_terms(m).trims, 1),
        ('task.stake.terms.partial="trim"', lambda m: stake_terms(m).trims, 1),
        ("task.stake.terms.open_for=90 days", lambda m: stake_terms(m).open_seconds, 90 * 86_400),
        ("task.choose.terms.choices=1", lambda m: m.task["choose"].terms.choices, 1),
        ("launched=2007-12-02", lambda m: m.launched, dt.date(2007, 12, 2)),
        ('role.producer.tasks=["stake"]', lambda m: m.role["producer"].tasks, ("stake",)),
        ("staff.one={ number = 2 }", lambda m: m.staff["one"].number, 2),
        (
            'task.stake.terms.cap=[{ from = "0", cap = "70.00" }, { from = "100.00", cap = "20.00" }]',
            lambda m: (stake_terms(m).cap_from_shares[:2], stake_terms(m).cap_shares),
            ((0, 10), (7, 2, 2, 2, 2, 2, 2, 2)),
        ),
    ],
)
def test_it_overrides_by_key_path(
    model_with: Loads, change: str, reads: Callable[[Model], object], value: object
) -> None:
    assert reads(model_with(changes=(change,))) == value


def test_an_override_may_change_an_amendment(model_with: Loads) -> None:
    model = model_with(
        changes=("amendment.0.set.task.stake.terms.cap=20.00", "amendment.1.in_force=2010-01-01")
    )
    assert [cap_shares(version.model) for version in model.versions] == [7, 2, 2]
    assert model.versions[2].in_force == dt.date(2010, 1, 1)


def test_a_change_may_be_a_pair(model_with: Loads) -> None:
    assert cap_shares(model_with(changes=(("task.stake.terms.cap", "50.00"),))) == 5
    assert model_with(changes=(("assumption.reach", 0.005),)).value("reach") == 0.005


@pytest.mark.parametrize(
    ("change", "right"),
    [
        ("task.stake.terms.cap", "key=value"),
        ("=3", "a key path"),
        ("task..terms=3", "a key path"),
        ("task.steak.terms.cap=50.00", "did you mean 'stake'?"),
        ("tusk.stake=3", "did you mean 'task'?"),
        ("task.stake.terms.cup=50.00", "did you mean 'cap'?"),
        ("task.stake.terms.cap=800.00", "must not exceed the goal"),
        ("task.stake.terms.goal=60.00", "must not exceed the goal, 60.00"),
        ("task.stake.terms.cap=1.234,50", '"1234.50"'),
        ("task.stake.terms.cap=[{", "not valid TOML"),
        ("task.stake.terms.cap.0.cap=10.00", "nothing can be set inside"),
        ("role.producer.tasks.first=stake", "list of 2"),
        ("assumption.reach=0.5", "widen them"),
        ("assumption.reach=much", "without quotes"),
        ("technique.faq.on=off", "true or false"),
        ("sharing.album.to.firm=80%", "more than 100%"),
        ("task.choose.terms.choices=two", "whole number"),
    ],
)
def test_it_blames_the_override_that_is_wrong(problems_with: Problems, change: str, right: str) -> None:
    problems = problems_with(changes=("technique.faq.on=true", change))
    assert [(each.file, each.line) for each in problems] == [("change", 2)]
    assert right in problems[0].message


def test_it_refuses_an_amendment_before_the_launch(problems_with: Problems, line_of: LineOf) -> None:
    problems = problems_with(("in_force = 2008-05-22", "in_force = 2007-11-30"))
    assert [(each.key, each.line) for each in problems] == [
        ("amendment.0.in_force", line_of("in_force = 2008-05-22"))
    ]
    assert "after the launch, 2007-12-01" in problems[0].message


def test_it_refuses_two_amendments_on_one_day(problems_with: Problems, line_of: LineOf) -> None:
    problems = problems_with(("in_force = 2009-05-05", "in_force = 2008-05-22"))
    assert [each.line for each in problems] == [line_of("in_force = 2009-05-05")]
    assert "make them one" in problems[0].message


def test_it_refuses_an_announcement_after_the_fact(problems_with: Problems) -> None:
    problems = problems_with(("in_force = 2009-05-05", "in_force = 2009-05-05\nannounced = 2009-06-01"))
    assert "must not come after in_force" in problems[0].message


@pytest.mark.parametrize(
    ("new", "key", "right"),
    [
        (
            '"task.stake.terms.cap" = "710.00"',
            "task.stake.terms.cap",
            "exceed the goal, 700.00 (from 2008",
        ),
        (
            '"task.stake.terms.goal" = "50.00"',
            "task.stake.terms.cap",
            "exceed the goal, 50.00 (from 2008",
        ),
        ('"task.stake.terms.cup" = "10.00"', "task.stake.terms.cup", "did you mean 'cap'?"),
        ('"task.stak.terms.cap" = "10.00"', "amendment.0.set.task.stak.terms.cap", "did you mean 'stake'?"),
        ('"task.stake.terms.cap" = 10.00', "task.stake.terms.cap", "in quotes"),
        ('"sharing.album.to.firm" = "80%"', "sharing.album.to", "more than 100%"),
        ('"task.stake.after" = ["choose"]', "task.choose.after", "in a circle"),
        ('"currency" = "USD"', "amendment.0.set.currency", "cannot be amended"),
        ('"task.stake.terms.share_price" = "5.00"', "task.stake.terms.share_price", "cannot be amended"),
        ('task = { stake = "x" }', "amendment.0.set.task", "whole key path in quotes"),
        ("", "amendment.0.set", "at least one entry"),
    ],
)
def test_an_amendment_is_checked_like_the_launch(
    problems_with: Problems, line_of: LineOf, new: str, key: str, right: str
) -> None:
    old = '"task.stake.terms.cap" = "10.00"'
    problem = next(each for each in problems_with((old, new)) if right in each.message)
    assert problem.key == key
    assert problem.line == line_of(old)


def test_an_amended_kind_of_task_is_refused_once(problems_with: Problems) -> None:
    problems = problems_with(('"task.stake.terms.cap" = "10.00"', '"task.stake.kind" = "promotion"'))
    assert [each.key for each in problems] == ["amendment.0.set.task.stake.kind"]
    assert "the kind of a task cannot be amended" in problems[0].message


def test_an_amendment_names_the_line_of_the_step_that_is_wrong(
    problems_with: Problems, line_of: LineOf
) -> None:
    steps = '"task.stake.terms.cap" = [\n{ from = "0" },\n]'
    problems = problems_with(('"task.stake.terms.goal" = "1000.00"', steps))
    assert [each.line for each in problems] == [line_of('"task.stake.terms.goal"') + 1]
    assert problems[0].key == "task.stake.terms.cap.0.cap"


def test_a_missing_assumption_is_named_with_the_nearest(model_with: Loads) -> None:
    with pytest.raises(ModelError, match=r"assumption\.raech.*did you mean 'reach'\?"):
        model_with().value("raech")


def test_only_a_stake_task_has_stake_terms(model_with: Loads) -> None:
    with pytest.raises(ModelError, match="no stake task of that name"):
        stake_terms(model_with(), task="choose")
