"""The benchmark model as Comaker lays it out.

What pays, and why:
- Customers are numbered from the best to the least connected, and their neighbour lists lie side by side in
  slices of 32 (sliced ELLPACK): 32 customers with as many neighbours are counted by one vector loop.
- Who took part last week is one bit a customer, so the one random access of a sweep stays in the cache.
- A block of 1,024 customers keeps its fields next to one another and passes through the week in short loops
  without branches, which the compiler turns into vector instructions.
- Two 64-bit draws a customer feed all decisions, each with the bits it needs. Wishes and moods are looked up
  in tables of equally likely quantiles, the slot in an alias table laid out once a week.
- Money is whole hundredths. Every block sums its own, so any number of threads gives the same bytes.
- What is left to the goal is settled after the blocks: a slot whose wishes exceed the rest gets exactly the
  rest, and closes; who got the last of it is never asked, because its holdings are dropped.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

import numpy as np
from numba import njit

from benchmark_model import State
from benchmark_model.intrinsics import LANES, add_shared, count_bits, wait_for
from comaker.simulate.randomness import alias_table, bits, normal_quantile, stream, uniform, week_key

BLOCK, SLICE, SLOTS, CAP = 1024, 32, 20, 50_000
# Where a block keeps what: its fields, its chances (float32) and its choices (int32) of the week.
CLARITY, ABILITY, WILLINGNESS, SATISFACTION, EXPERIENCE, PER_NEIGHBOUR, FIELDS = range(0, 7 * BLOCK, BLOCK)
LUCK, NEWS, MOOD, UNAWARE, CHANCES = range(0, 5 * BLOCK, BLOCK)
KNOWN, SLOT, WISH, LEAVES, TAKES, CHOICES = range(0, 6 * BLOCK, BLOCK)
WORDS = BLOCK // 32
MOODS, WISHES = 1024, 2048

f32, u32, u64, i32 = np.float32, np.uint32, np.uint64, np.int32
_20_BITS, _24_BITS = u64(0xFFFFF), u32(0xFFFFFF)


class Population(NamedTuple):
    """Everything a week reads and writes. `EXPERIENCE` is -1 as long as a customer is unaware."""

    fields: np.ndarray  # float32[blocks * FIELDS]
    holdings: np.ndarray  # uint16[customers * SLOTS], hundredths
    took_part: np.ndarray  # uint32[2, words], a bit a customer: last week and this week, by turns
    slices: np.ndarray  # int64[slices + 1], where a slice's neighbours begin
    neighbours: np.ndarray  # uint32, slice by slice, first neighbours first
    collected: np.ndarray  # int64[SLOTS], hundredths
    goal: np.ndarray  # int64[SLOTS], hundredths
    closed: np.ndarray  # bool[SLOTS], reached their goal last week
    partial: np.ndarray  # int64[blocks, SLOTS + 1], wishes granted a slot; participants


class Tables(NamedTuple):
    """What does not change from week to week, and the alias table that does."""

    unaware: np.ndarray  # float32[256], chance to stay unaware by neighbours who took part
    mood: np.ndarray  # float32[MOODS], 0.1 * N(0.6, 0.2)
    wish: np.ndarray  # int32[WISHES], lognormal(4.5, 1.2) up to the cap, hundredths
    keep: np.ndarray  # int32[SLOTS], of 2^24
    other: np.ndarray  # int32[SLOTS]


@njit(cache=True)
def _normals(count):
    """The middle quantiles of so many equally likely cells of a standard normal."""
    return np.array([normal_quantile((i + 0.5) / count) for i in range(count)])


@cache
def tables() -> Tables:
    """Quantiles at the mean of each equally likely cell, from 64 points in each."""
    wish = np.minimum(np.exp(4.5 + 1.2 * _normals(WISHES * 64)), CAP / 100).reshape(WISHES, 64).mean(axis=1)
    normal = _normals(MOODS * 64).reshape(MOODS, 64).mean(axis=1)
    mood = 0.1 * (0.6 + 0.2 * normal / normal.std())
    unaware = 0.998 * 0.95 ** np.arange(256)
    none = np.zeros(SLOTS, i32)
    return Tables(unaware.astype(f32), mood.astype(f32), np.rint(wish * 100).astype(i32), none, none)


@njit(cache=True)
def _lay_out(offsets, acquaintances):
    """Renumber customers by falling degree (counting sort) and write their lists slice by slice."""
    customers = len(offsets) - 1
    places = (customers + BLOCK - 1) // BLOCK * BLOCK
    if places == customers:
        places += BLOCK
    most = 0
    for c in range(customers):
        most = max(most, offsets[c + 1] - offsets[c])
    start = np.zeros(most + 2, np.int64)
    for c in range(customers):
        start[most - (offsets[c + 1] - offsets[c]) + 1] += 1
    for d in range(most + 1):
        start[d + 1] += start[d]
    rank = np.empty(customers, u32)
    of_rank = np.empty(customers, np.int64)
    for c in range(customers):
        d = most - (offsets[c + 1] - offsets[c])
        rank[c] = start[d]
        of_rank[start[d]] = c
        start[d] += 1
    slices = np.zeros(places // SLICE + 1, np.int64)
    degrees = np.zeros(places, np.int64)
    for r in range(customers):
        degrees[r] = offsets[of_rank[r] + 1] - offsets[of_rank[r]]
    for s in range(len(slices) - 1):
        slices[s + 1] = slices[s] + degrees[s * SLICE] * SLICE
    neighbours = np.full(slices[-1], u32(customers))
    for r in range(customers):
        at = slices[r // SLICE] + r % SLICE
        for place in range(offsets[of_rank[r]], offsets[of_rank[r] + 1]):
            neighbours[at] = rank[acquaintances[place]]
            at += SLICE
    return slices, neighbours, degrees, of_rank


@njit(cache=True)
def _begin(fields, goal, degrees, customers, run):
    key = week_key(run, 0, 0)
    for c in range(len(degrees)):
        at = c // BLOCK * FIELDS + c % BLOCK
        if c < customers:
            _refresh(fields, at, bits(key, c))
            fields[at + PER_NEIGHBOUR] = f32(0.05 / degrees[c])
        else:
            fields[at + EXPERIENCE] = f32(-2.0)
    for slot in range(SLOTS):
        goal[slot] = _new_goal(customers, bits(week_key(run, 1, 0), slot))


@njit(cache=True, inline="always")
def _new_goal(customers, draw):
    return np.int64(customers * (5_000.0 + 10_000.0 * uniform(draw)))


@njit(cache=True)
def _refresh(fields, at, draw):
    """A fresh customer at a place: unaware, with other traits."""
    fields[at + CLARITY] = f32(0.2 + 0.4 * uniform(bits(draw, 0)))
    fields[at + ABILITY] = f32(0.2 + 0.4 * uniform(bits(draw, 1)))
    fields[at + WILLINGNESS] = f32(0.2 + 0.6 * uniform(bits(draw, 2)))
    fields[at + SATISFACTION] = f32(0.5)
    fields[at + EXPERIENCE] = f32(-1.0)


@njit(cache=True)
def _count_neighbours(choices, block, slices, neighbours, took_part):
    """How many neighbours took part last week, for every customer of a block."""
    for i in range(BLOCK):
        choices[KNOWN + i] = 0
    first = block * (BLOCK // SLICE)
    for s in range(BLOCK // SLICE):
        lane = KNOWN + s * SLICE
        for row in range(slices[first + s], slices[first + s + 1], SLICE):
            count_bits(choices, lane, neighbours, row, took_part)
            count_bits(choices, lane + LANES, neighbours, row + LANES, took_part)


@njit(cache=True)
def _draw_luck(chances, choices, block, key):
    """One 64-bit draw: 24 bits for taking part, 20 for hearing of it, 20 for leaving."""
    for i in range(BLOCK):
        draw = bits(key, block * BLOCK + i)
        chances[LUCK + i] = f32(i32(draw >> u64(40))) * f32(2.0**-24)
        chances[NEWS + i] = f32(i32((draw >> u64(20)) & _20_BITS)) * f32(2.0**-20)
        choices[LEAVES + i] = i32(draw & _20_BITS)


@njit(cache=True)
def _draw_stakes(choices, block, key):
    """One 64-bit draw: 24 bits for the slot, 11 for the wish, 10 for the mood."""
    for i in range(BLOCK):
        draw = bits(key, block * BLOCK + i)
        choices[SLOT + i] = i32(draw >> u64(40))
        choices[WISH + i] = i32((draw >> u64(29)) & u64(WISHES - 1))
        choices[TAKES + i] = i32(draw & u64(MOODS - 1))


@njit(cache=True)
def _live(fields, chances, choices, table):
    """Awareness, participation and learning of a block."""
    zero, one = f32(0.0), f32(1.0)
    for i in range(BLOCK):
        chances[MOOD + i] = table.mood[u32(choices[TAKES + i])]
        chances[UNAWARE + i] = table.unaware[u32(min(choices[KNOWN + i], i32(255)))]
    for i in range(BLOCK):
        known = f32(choices[KNOWN + i])
        experience = fields[EXPERIENCE + i]
        hears = (chances[NEWS + i] >= chances[UNAWARE + i]) & (experience == -one)
        experience = zero if hears else experience
        aware = experience >= zero
        clarity, ability = fields[CLARITY + i], fields[ABILITY + i]
        willingness, satisfaction = fields[WILLINGNESS + i], fields[SATISFACTION + i]
        takes = aware & (chances[LUCK + i] < clarity * ability * willingness)
        fields[CLARITY + i] = clarity + (f32(0.15) * (one - clarity) if takes else zero)
        fields[ABILITY + i] = ability + (f32(0.10) * (one - ability) if takes else zero)
        satisfaction = f32(0.9) * satisfaction + chances[MOOD + i] if takes else satisfaction
        fields[SATISFACTION + i] = satisfaction
        moved = f32(0.7) * willingness + f32(0.3) * satisfaction + fields[PER_NEIGHBOUR + i] * known
        moved = zero if moved < zero else moved
        moved = one if moved > one else moved
        fields[WILLINGNESS + i] = moved if aware else willingness
        fields[EXPERIENCE + i] = experience + (one if takes else zero)
        choices[TAKES + i] = i32(-1) if takes else i32(0)


@njit(cache=True)
def _stake(holdings, choices, partial, table):
    """Add every participant's wish to what they hold in the slot they pick, up to the cap."""
    for slot in range(SLOTS + 1):
        partial[slot] = 0
    takers = 0
    for i in range(BLOCK):
        takes = choices[TAKES + i]
        scaled = u32(u32(choices[SLOT + i]) * u32(SLOTS))
        column = u32(scaled >> u32(24))
        slot = u64(column) if i32(scaled & _24_BITS) < table.keep[column] else u64(table.other[column])
        at = u64(i) * u64(SLOTS) + slot
        held = i32(holdings[at])
        wish = i32(table.wish[u32(choices[WISH + i])] & takes)
        granted = min(wish, i32(CAP - held))
        holdings[at] = np.uint16(held + granted)
        partial[slot] += granted
        takers -= takes
    partial[SLOTS] = takers


@njit(cache=True)
def _leave(fields, holdings, choices, took_part, base, key):
    """Note who took part, a bit each, and replace those who leave."""
    for word in range(WORDS):
        packed, anyone = u32(0), False
        for bit in range(32):
            packed |= u32(u32(choices[TAKES + word * 32 + bit] & 1) << u32(bit))
            anyone |= choices[LEAVES + word * 32 + bit] < 2097
        took_part[word] = packed
        if anyone:
            for bit in range(32):
                i = word * 32 + bit
                if choices[LEAVES + i] < 2097 and fields[EXPERIENCE + i] > -2.0:
                    _refresh(fields, i, bits(key, base + i))
                    holdings[i * SLOTS : (i + 1) * SLOTS] = 0
                    took_part[word] &= ~u32(u32(1) << u32(bit))


@njit(cache=True)
def _block_week(block, population, table, keys, last, scratch):
    """One week of one block of customers."""
    chances, choices = scratch
    fields = population.fields[block * FIELDS : (block + 1) * FIELDS]
    holdings = population.holdings[block * BLOCK * SLOTS : (block + 1) * BLOCK * SLOTS]
    for slot in range(SLOTS):
        if population.closed[slot]:
            for i in range(BLOCK):
                holdings[i * SLOTS + slot] = 0
    _count_neighbours(choices, block, population.slices, population.neighbours, population.took_part[last])
    _draw_luck(chances, choices, block, keys[0])
    _draw_stakes(choices, block, keys[1])
    _live(fields, chances, choices, table)
    _stake(holdings, choices, population.partial[block], table)
    now = population.took_part[1 - last, block * WORDS : (block + 1) * WORDS]
    _leave(fields, holdings, choices, now, block * BLOCK, keys[2])


@njit(cache=True)
def _scratch():
    return np.empty(CHANCES, f32), np.empty(CHOICES, i32)


@njit(cache=True)
def _open_week(population, table, run, week):
    """The keys of the week and the chances of the slots, frozen as the week begins."""
    plan = alias_table(1.0 + population.collected / population.goal)
    for slot in range(SLOTS):
        table.keep[slot] = i32(math.ceil(plan.keep[slot] * 2.0**24))
        table.other[slot] = i32(plan.other[slot])
    return week_key(run, 2, week), week_key(run, 3, week), week_key(run, 4, week)


@njit(cache=True)
def _settle(population, customers, key):
    """What the week brought: participants and money. A slot at its goal closes, and a fresh one opens."""
    takers = money = 0
    for block in range(len(population.partial)):
        takers += population.partial[block, SLOTS]
    for slot in range(SLOTS):
        wished = 0
        for block in range(len(population.partial)):
            wished += population.partial[block, slot]
        left = population.goal[slot] - population.collected[slot]
        money += min(wished, left)
        population.closed[slot] = wished >= left
        population.collected[slot] += wished
        if wished >= left:
            population.collected[slot] = 0
            population.goal[slot] = _new_goal(customers, bits(key, slot))
    return takers, money


@njit(cache=True, nogil=True)
def _some_blocks(population, table, keys, last, counter):
    """Live a week of the blocks that no other thread has taken yet."""
    scratch = _scratch()
    block = add_shared(counter, 0, 1)
    while block < len(population.partial):
        _block_week(block, population, table, keys, last, scratch)
        block = add_shared(counter, 0, 1)


@njit(cache=True, nogil=True)
def weeks_alone(population, table, run, customers, first, weeks):
    """Live some weeks on one thread. Returns participants and money (hundredths) of each: int64[weeks, 2]."""
    course = np.zeros((weeks, 2), np.int64)
    for week in range(first, first + weeks):
        keys = _open_week(population, table, run, week)
        _some_blocks(population, table, keys, week % 2, np.zeros(1, np.int64))
        course[week - first] = _settle(population, customers, week_key(run, 1, week))
    return course


class Shared(NamedTuple):
    """What threads agree by, by week: whether it is open, blocks taken, threads done (each int64[weeks]), and
    the week's keys (uint64[weeks, 3]). `course` is what `weeks_alone` returns."""

    opened: np.ndarray
    taken: np.ndarray
    done: np.ndarray
    keys: np.ndarray
    course: np.ndarray


@njit(cache=True, nogil=True)
def weeks_together(population, table, span, shared, threads, leads):
    """One thread's part of some weeks: the same bytes as alone. The one that leads opens and settles them."""
    run, customers, first = span
    for week in range(len(shared.opened)):
        if leads:
            keys = _open_week(population, table, run, first + week)
            shared.keys[week, 0], shared.keys[week, 1], shared.keys[week, 2] = keys
            add_shared(shared.opened, week, 1)
        wait_for(shared.opened, week, 1)
        keys = (shared.keys[week, 0], shared.keys[week, 1], shared.keys[week, 2])
        _some_blocks(population, table, keys, (first + week) % 2, shared.taken[week : week + 1])
        add_shared(shared.done, week, 1)
        if leads:
            wait_for(shared.done, week, threads)
            shared.course[week] = _settle(population, customers, week_key(run, 1, first + week))


class Engine:
    """The market, on one thread or on several."""

    def __init__(self, network, seed, threads=1):
        self.customers, self.run = len(network.offsets) - 1, stream(seed, 0)
        self.table = tables()._replace(keep=np.zeros(SLOTS, i32), other=np.zeros(SLOTS, i32))
        self.others = ThreadPoolExecutor(threads - 1) if threads > 1 else None
        self.threads, self.week = threads, 1
        slices, neighbours, degrees, self.of_rank = _lay_out(network.offsets, network.neighbours)
        blocks = len(degrees) // BLOCK
        fields, goal = np.zeros(blocks * FIELDS, f32), np.zeros(SLOTS, np.int64)
        _begin(fields, goal, degrees, self.customers, self.run)
        self.population = Population(
            fields, np.zeros(blocks * BLOCK * SLOTS, np.uint16), np.zeros((2, blocks * WORDS), u32), slices,
            neighbours, np.zeros(SLOTS, np.int64), goal, np.zeros(SLOTS, np.bool_),
            np.zeros((blocks, SLOTS + 1), np.int64),
        )  # fmt: skip

    def advance(self, weeks):
        if self.threads == 1:
            course = weeks_alone(self.population, self.table, self.run, self.customers, self.week, weeks)
        else:
            counters = [np.zeros(weeks, np.int64) for _ in range(3)]
            course = np.zeros((weeks, 2), np.int64)
            shared = Shared(*counters, np.zeros((weeks, 3), np.uint64), course)
            span = (self.run, self.customers, self.week)
            work = (self.population, self.table, span, shared, self.threads)
            running = [self.others.submit(weeks_together, *work, False) for _ in range(self.threads - 1)]
            weeks_together(*work, True)
            for thread in running:
                thread.result()
        self.week += weeks
        return course / (1.0, 100.0)

    def state(self):
        """The population in the network's order. Slots that closed are already empty."""
        fields = self.population.fields.reshape(-1, FIELDS // BLOCK, BLOCK).swapaxes(0, 1).reshape(6, -1)
        held = self.population.holdings.reshape(-1, SLOTS)[: self.customers] * ~self.population.closed
        words = self.population.took_part[self.week % 2]
        took_part = np.unpackbits(words.view(np.uint8), bitorder="little")
        order = np.argsort(self.of_rank)
        clarity, ability, willingness, satisfaction, experience = fields[:5, order].astype(float)
        return State(
            experience >= 0, took_part[order].astype(bool), clarity, ability, willingness, satisfaction,
            np.maximum(experience, 0).astype(np.int64), held[order] / 100.0,
            self.population.collected / 100.0, self.population.goal / 100.0,
        )  # fmt: skip

    def adopt(self, state):
        """Begin from a state of the same network."""
        order, places = self.of_rank, np.arange(self.customers)
        fields = self.population.fields.reshape(-1, FIELDS // BLOCK, BLOCK)
        columns = (*state[2:6], np.where(state.aware, state.experience, -1))
        for field, column in enumerate(columns):
            fields[places // BLOCK, field, places % BLOCK] = column[order]
        self.population.holdings.reshape(-1, SLOTS)[: self.customers] = np.rint(state.holdings[order] * 100)
        took_part = np.zeros(len(self.population.took_part[0]) * 32, np.uint8)
        took_part[: self.customers] = state.took_part[order]
        self.population.took_part[self.week % 2] = np.packbits(took_part, bitorder="little").view(u32)
        self.population.collected[:] = np.rint(state.collected * 100)
        self.population.goal[:] = np.rint(state.goal * 100)
        self.population.closed[:] = False
