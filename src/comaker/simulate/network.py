"""Who knows whom: a social network with a few very well connected customers.

Source: Barabási & Albert 1999, "Emergence of scaling in random networks", grown by the copying method of
Batagelj & Brandes 2005, "Efficient generation of large random networks": time and memory grow linearly.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from comaker.simulate.randomness import below, bits


class Network(NamedTuple):
    """Acquaintances of every customer: `neighbours[offsets[c]:offsets[c + 1]]`, none twice.

    offsets: int64[customers + 1]; neighbours: int32[2 * links between customers]. Both ways are listed.
    """

    offsets: npt.NDArray[np.int64]
    neighbours: npt.NDArray[np.int32]


def barabasi_albert(customers: int, links: int, key: np.uint64) -> Network:
    """Grow a network by preferential attachment: whoever joins links to `links` distinct customers, each
    chosen with a chance proportional to the acquaintances that customer already has.

    The first `links + 1` customers all know one another, so the mean degree is close to 2 * links. The chance
    to have k acquaintances falls as k^-3. The same key gives the same bytes, and one customer more changes no
    link between the others. `key` comes from `randomness.week_key`. Raises ValueError for a network that
    cannot be: links < 1, customers <= links, or 2^30 links and more.
    """
    if links < 1:
        raise ValueError(f"links is {links}: a customer who joins needs at least 1 acquaintance")
    if customers <= links:
        raise ValueError(f"customers is {customers}: {links} links each need at least {links + 1} customers")
    if 2 * customers * links >= 2**31:
        raise ValueError(f"{customers} customers with {links} links each are 2^30 links or more")
    ends = _grow(customers, links, np.uint64(key))
    return Network(*_lists(ends, customers))


@njit(cache=True)
def _grow(customers: int, links: int, key: np.uint64) -> npt.NDArray[np.int32]:
    """Both ends of every link, one after the other: a random place in it is a customer chosen by degree."""
    founders = links + 1
    founding = founders * links // 2
    ends = np.empty(2 * (founding + (customers - founders) * links), np.int32)
    place = 0
    for one in range(founders):
        for other in range(one):
            ends[place], ends[place + 1] = one, other
            place += 2
    for joiner in range(founders, customers):
        known = place
        for link in range(links):
            draw = bits(key, joiner * links + link)
            chosen = ends[below(draw, known)]
            trial = 0
            while _is_chosen(ends, known, place, chosen):
                chosen = ends[below(bits(draw, trial), known)]
                trial += 1
            ends[place], ends[place + 1] = joiner, chosen
            place += 2
    return ends


@njit(cache=True)
def _is_chosen(ends: npt.NDArray[np.int32], start: int, stop: int, customer: int) -> bool:
    for place in range(start + 1, stop, 2):  # noqa: SIM110 (numba knows no generators)
        if ends[place] == customer:
            return True
    return False


@njit(cache=True)
def _lists(
    ends: npt.NDArray[np.int32], customers: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Neighbour lists of links."""
    offsets = np.zeros(customers + 1, np.int64)
    for customer in ends:
        offsets[customer + 1] += 1
    for customer in range(customers):
        offsets[customer + 1] += offsets[customer]
    neighbours = np.empty(len(ends), np.int32)
    following = offsets[:-1].copy()
    for place in range(0, len(ends), 2):
        joiner, chosen = ends[place], ends[place + 1]
        neighbours[following[joiner]] = chosen
        following[joiner] += 1
        neighbours[following[chosen]] = joiner
        following[chosen] += 1
    return offsets, neighbours
