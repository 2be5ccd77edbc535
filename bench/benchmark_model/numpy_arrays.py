"""The benchmark model in NumPy, written to be fast.

float32 throughout, the neighbour sweep as a sparse matrix times a vector, the fastest generator, work only
for those whom it concerns, and the slot from a table of 65,536 equal chances. What is left to the goal is
settled per slot, as in Comaker's version: nobody can tell who got the last of it, because a slot at its goal
drops its holdings.
"""

import numpy as np
from scipy.sparse import csr_matrix

SLOTS, CAP = 20, np.float32(500.0)


class Engine:
    """The market as arrays, one place a customer."""

    def __init__(self, network, seed):
        self.customers = n = len(network.offsets) - 1
        self.rng = np.random.Generator(np.random.SFC64(seed))
        ones = np.ones(len(network.neighbours), np.float32)
        self.sweep = csr_matrix((ones, network.neighbours, network.offsets), shape=(n, n))
        self.nudge = (0.05 / np.diff(network.offsets)).astype(np.float32)
        self.aware = np.zeros(n, bool)
        self.took_part = np.zeros(n, np.float32)
        self.clarity = self.rng.uniform(0.2, 0.6, n).astype(np.float32)
        self.ability = self.rng.uniform(0.2, 0.6, n).astype(np.float32)
        self.willingness = self.rng.uniform(0.2, 0.8, n).astype(np.float32)
        self.satisfaction = np.full(n, 0.5, np.float32)
        self.experience = np.zeros(n, np.int32)
        self.holdings = np.zeros((n, SLOTS), np.float32)
        self.collected = np.zeros(SLOTS)
        self.goal = n * self.rng.uniform(50, 150, SLOTS)

    def step(self):
        rng, n = self.rng, self.customers
        known = self.sweep @ self.took_part
        unaware = np.flatnonzero(~self.aware)
        stays = np.float32(0.998) * np.float32(0.95) ** known[unaware]
        self.aware[unaware] = rng.random(len(unaware), np.float32) >= stays
        chance = self.clarity * self.ability
        chance *= self.willingness
        chance *= self.aware
        takes = rng.random(n, np.float32) < chance
        who = np.flatnonzero(takes)
        money = self.stake(who)
        self.learn(who)
        moved = self.willingness * np.float32(0.7)
        moved += self.satisfaction * np.float32(0.3)
        moved += self.nudge * known
        np.clip(moved, 0, 1, out=moved)
        np.copyto(self.willingness, moved, where=self.aware)
        self.took_part[:] = takes
        self.leave()
        return len(who), money

    def stake(self, who):
        weights = 1 + self.collected / self.goal
        edges = np.rint(np.cumsum(weights) / weights.sum() * 65536).astype(np.int64)
        guide = np.repeat(np.arange(SLOTS), np.diff(edges, prepend=0))
        slot = guide[self.rng.integers(0, 65536, len(who), np.uint16)]
        wish = self.rng.standard_normal(len(who), np.float32)
        wish *= np.float32(1.2)
        wish += np.float32(4.5)
        np.exp(wish, out=wish)
        place = who * SLOTS + slot
        held = self.holdings.reshape(-1)
        before = held[place]
        granted = np.minimum(wish, CAP - before, out=wish)
        held[place] = before + granted
        wished = np.bincount(slot, granted, SLOTS)
        got = np.minimum(wished, self.goal - self.collected)
        self.collected += wished
        for full in np.flatnonzero(self.collected >= self.goal):
            self.holdings[:, full] = 0
            self.collected[full], self.goal[full] = 0.0, self.customers * self.rng.uniform(50, 150)
        return got.sum()

    def learn(self, who):
        clarity, ability = self.clarity[who], self.ability[who]
        self.clarity[who] = clarity + np.float32(0.15) * (1 - clarity)
        self.ability[who] = ability + np.float32(0.10) * (1 - ability)
        mood = self.rng.standard_normal(len(who), np.float32)
        mood *= np.float32(0.02)
        mood += np.float32(0.06)
        mood += np.float32(0.9) * self.satisfaction[who]
        self.satisfaction[who] = mood
        self.experience[who] += 1

    def leave(self):
        leaving = self.rng.binomial(self.customers, 0.002)
        gone = self.rng.choice(self.customers, leaving, replace=False, shuffle=False)
        self.aware[gone] = False
        self.took_part[gone] = 0
        self.clarity[gone] = self.rng.uniform(0.2, 0.6, len(gone))
        self.ability[gone] = self.rng.uniform(0.2, 0.6, len(gone))
        self.willingness[gone] = self.rng.uniform(0.2, 0.8, len(gone))
        self.satisfaction[gone] = 0.5
        self.experience[gone] = 0
        self.holdings[gone] = 0

    def adopt(self, state):
        for name, column in zip(state._fields, state, strict=True):
            getattr(self, name)[:] = column

    def advance(self, weeks):
        return np.array([self.step() for _ in range(weeks)])
