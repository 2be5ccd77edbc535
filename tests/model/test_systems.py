"""Each system that the sources name finds its place in the schema without a new top-level word."""

from __future__ import annotations

from pathlib import Path

import pytest

from comaker.model import Model, load

SYSTEMS = Path(__file__).parent / "systems"


def system(name: str) -> Model:
    return load(SYSTEMS / f"{name}.toml")


@pytest.mark.parametrize("path", sorted(SYSTEMS.glob("*.toml")), ids=lambda path: path.stem)
def test_it_loads_and_names_its_source(path: Path) -> None:
    model = load(path)
    assert model.sources
    assert model.resource or model.role


def test_ebay_sells_access_to_customers_who_supply_buy_and_rate() -> None:
    """F32."""
    model = system("ebay")
    assert model.offer["access"].kind == "access"
    assert model.task["list"].terms.wants == ("advert", "picture", "price", "shipping")
    assert model.task["buy"].terms.seller == "seller"
    assert model.task["ship"].performer == "customer"
    rating = model.task["rate"].terms
    assert (rating.both_ways, rating.revealed) == (True, "together")
    assert (model.sharing["sale"].of, model.sharing["sale"].firm_ppm) == ("sale price", 100_000)


def test_lego_builds_what_enough_customers_support_and_credits_the_designer() -> None:
    """F33."""
    model = system("lego")
    assert model.task["propose"].terms.credited
    assert model.task["support"].terms.threshold == 10_000
    assert model.task["support"].terms.open_seconds == 600 * 86_400
    assert model.task["judge"].performer == "firm"
    assert model.sharing["set"].to == {"designer": 10_000}
    results = model.resource["designers"].value_of
    assert [results["result_2003"].value, results["result_2007"].value] == [-188e6, 138e6]


def test_procter_gamble_pays_outside_solvers_a_fixed_prize() -> None:
    """F36."""
    model = system("procter-gamble")
    assert model.sharing["solution"].prize == {"solver": 2_500_000}
    assert model.task["assess"].terms.of == "solve"
    assert "cost saved" in model.technique["open-call"].expects


def test_royal_mail_callers_fall_back_to_staff_at_a_cost_by_channel() -> None:
    """F35."""
    model = system("royal-mail")
    task = model.task["enquire"]
    assert (task.terms.attempts, task.terms.falls_back_to, task.terms.bypass) == (2, "agent", True)
    assert task.terms.saved_s == 300
    assert task.interface["voice"].cost_per_minute_minor == 5
    assert task.interface["agent"].cost_per_minute_minor == 60
    assert model.value("cost_cut") == 0.25


def test_amtrak_saved_thirteen_million_by_voice_response() -> None:
    """F34."""
    model = system("amtrak")
    assert model.value("saved") == 13e6
    assert model.task["book"].interface["voice"].performer == "customer"


def test_build_a_bear_has_eight_stations_in_a_fixed_order_with_prices_by_choice() -> None:
    """B1 to B4."""
    model = system("build-a-bear")
    making = model.task["make"].terms
    assert len(making.station) == 8
    assert making.in_order
    assert (making.helpers, making.serves) == (2, 12)
    assert [choice.price_minor for choice in making.station[0].choices] == [1_000, 2_500]
    assert set(model.task["make"].asks) == {
        "mental",
        "physical",
        "emotional",
        "financial",
        "temporal",
        "behavioral",
    }
    assert model.technique["website"].addresses["clarity"] == 8


def test_a_role_playing_game_has_no_task_and_is_valued_by_its_base() -> None:
    """F37."""
    model = system("role-playing-game")
    assert not model.task
    assert model.resource["players"].externality == "direct"
    assert model.offer["world"].based_on == ("players",)


def test_viadeo_sells_its_audience_to_advertisers() -> None:
    """F38."""
    audience = system("viadeo").offer["audience"]
    assert (audience.kind, audience.to, audience.revenue) == ("audience", ("advertiser",), "advertising")


def test_fast_food_customers_clear_the_table_and_the_money_has_no_decimals() -> None:
    """F39."""
    model = system("fast-food")
    assert model.task["clear"].stage == "after delivery"
    assert set(model.task["order"].interface) == {"counter", "kiosk"}
    assert (model.minor_digits, model.offer["meal"].price_minor) == (0, 700)


def test_the_bank_s_callers_may_not_bypass_and_a_remedy_stands_ready() -> None:
    """F40, F21.1."""
    model = system("bank-call-centre")
    assert not model.task["call"].terms.bypass
    assert (
        model.task["call"].risks
        == model.technique["direct-line"].remedies
        == ("inappropriate participation",)
    )


def test_hotel_testers_are_paid_and_report_privately() -> None:
    """F41, F21.3."""
    model = system("hotel-tests")
    terms = model.task["try"].terms
    assert (terms.places, terms.reward_minor, terms.reports_privately) == (40, 3_000, True)
    assert "excessive pressure" in model.task["try"].risks


def test_weight_watchers_has_interfaces_for_different_customers() -> None:
    """F42, F17."""
    ways = system("weight-watchers").task["follow"].interface
    assert {name: (way.roles, way.emotionality) for name, way in ways.items()} == {
        "meeting": (("sociable",), "high"),
        "web": (("reserved",), "low"),
    }


def test_open_source_opens_a_role_by_contribution() -> None:
    """F43."""
    model = system("open-source")
    assert model.role["maintainer"].after == ("contribute",)
    assert "co-designer" in model.resource["community"].uses
