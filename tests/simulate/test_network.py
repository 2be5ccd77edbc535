import numpy as np
import pytest

from comaker.simulate.network import barabasi_albert
from comaker.simulate.randomness import stream, week_key

KEY = np.uint64(week_key(stream(seed=4, run=0), 0, 0))
CUSTOMERS, LINKS = 20_000, 5


@pytest.fixture(scope="module")
def network():
    return barabasi_albert(CUSTOMERS, LINKS, KEY)


def pairs(network):
    """Every acquaintance as (one, other), both ways."""
    degrees = np.diff(network.offsets)
    return np.column_stack([np.repeat(np.arange(len(degrees)), degrees), network.neighbours])


def test_everyone_has_at_least_the_links_they_joined_with(network):
    assert np.diff(network.offsets).min() >= LINKS


def test_the_degrees_add_up_to_both_ends_of_every_link(network):
    founding = (LINKS + 1) * LINKS // 2
    assert len(network.neighbours) == network.offsets[-1] == 2 * (founding + (CUSTOMERS - LINKS - 1) * LINKS)


def test_the_mean_degree_is_twice_the_links(network):
    assert np.diff(network.offsets).mean() == pytest.approx(2 * LINKS, rel=0.001)


def test_an_acquaintance_is_mutual_and_listed_once(network):
    ours = pairs(network)
    there = {(one, other) for one, other in ours.tolist()}
    assert len(there) == len(ours)
    assert there == {(other, one) for one, other in ours.tolist()}


def test_nobody_knows_themselves(network):
    ours = pairs(network)
    assert not (ours[:, 0] == ours[:, 1]).any()


def test_degrees_follow_the_exact_law_of_preferential_attachment(network):
    degrees = np.diff(network.offsets)
    for degree in (5, 6, 8, 10, 20, 40):
        expected = (
            LINKS * (LINKS + 1) / (degree * (degree + 1))
        )  # P(at least this degree), Bollobás et al. 2001
        spread = np.sqrt(expected * (1 - expected) / CUSTOMERS)
        assert (degrees >= degree).mean() == pytest.approx(expected, abs=max(5 * spread, 2e-3))


def test_the_tail_is_heavy(network):
    degrees = np.diff(network.offsets)
    large = degrees[degrees >= 20]
    exponent = 1 + len(large) / np.log(large / 19.5).sum()  # Clauset, Shalizi & Newman 2009, eq. 3.7
    assert exponent == pytest.approx(3.0, abs=0.25)
    assert degrees.max() > 50 * LINKS


def test_the_same_key_grows_the_same_bytes(network):
    again = barabasi_albert(CUSTOMERS, LINKS, KEY)
    assert network.offsets.tobytes() == again.offsets.tobytes()
    assert network.neighbours.tobytes() == again.neighbours.tobytes()


def test_another_key_grows_another_network(network):
    assert not np.array_equal(
        network.neighbours, barabasi_albert(CUSTOMERS, LINKS, KEY + np.uint64(1)).neighbours
    )


def test_one_customer_more_changes_no_link_between_the_others(network):
    wider = pairs(barabasi_albert(CUSTOMERS + 1, LINKS, KEY))
    among_the_others = wider[(wider < CUSTOMERS).all(axis=1)]
    assert np.array_equal(among_the_others, pairs(network))


def test_the_smallest_network_is_everyone_knowing_everyone():
    network = barabasi_albert(4, 3, KEY)
    assert [
        sorted(set(network.neighbours[a:b]))
        for a, b in zip(network.offsets, network.offsets[1:], strict=False)
    ] == [
        [1, 2, 3],
        [0, 2, 3],
        [0, 1, 3],
        [0, 1, 2],
    ]


@pytest.mark.parametrize(
    ("customers", "links", "said"),
    [(10, 0, "links is 0"), (5, 5, "at least 6 customers"), (2**28, 5, "2\\^30 links or more")],
)
def test_it_refuses_a_network_that_cannot_be(customers, links, said):
    with pytest.raises(ValueError, match=said):
        barabasi_albert(customers, links, KEY)
