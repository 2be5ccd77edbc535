"""The benchmark model in Mesa, made lean: no cells, neighbour lists of agents, two passes a week."""

from math import exp

import mesa
import numpy as np

SLOTS, CAP = 20, 500.0


class Customer(mesa.Agent):
    """A customer with a plain list of neighbours."""

    def __init__(self, model):
        super().__init__(model)
        self.took_part = False
        self.start()

    def start(self):
        draw = self.model.random.random
        self.aware = False
        self.clarity = 0.2 + 0.4 * draw()
        self.ability = 0.2 + 0.4 * draw()
        self.willingness = 0.2 + 0.6 * draw()
        self.satisfaction = 0.5
        self.experience = 0
        self.holdings = [0.0] * SLOTS


class Engine(mesa.Model):
    """The market; the week is written as two loops, one over neighbours and one over customers."""

    def __init__(self, network, seed):
        super().__init__(rng=seed)
        self.customers = [Customer(self) for _ in range(len(network.offsets) - 1)]
        offsets, neighbours = network.offsets.tolist(), network.neighbours.tolist()
        for place, customer in enumerate(self.customers):
            customer.neighbours = [
                self.customers[other] for other in neighbours[offsets[place] : offsets[place + 1]]
            ]
        self.goal = [self.new_goal() for _ in range(SLOTS)]
        self.collected = [0.0] * SLOTS

    def new_goal(self):
        return len(self.customers) * self.random.uniform(50, 150)

    def step(self):
        self.participants, self.money = 0, 0.0
        weights = [1 + got / goal for got, goal in zip(self.collected, self.goal, strict=True)]
        self.bounds = [sum(weights[: slot + 1]) for slot in range(SLOTS)]
        for customer in self.customers:
            known = 0
            for other in customer.neighbours:
                if other.took_part:
                    known += 1
            customer.known = known
        draw = self.random.random
        for customer in self.customers:
            customer.took_part = False
            if not customer.aware:
                customer.aware = draw() >= 0.998 * 0.95**customer.known
            if customer.aware:
                if draw() < customer.clarity * customer.ability * customer.willingness:
                    self.take_part(customer)
                moved = (
                    0.7 * customer.willingness + 0.3 * customer.satisfaction
                    + 0.05 * customer.known / len(customer.neighbours)
                )  # fmt: skip
                customer.willingness = 0.0 if moved < 0.0 else 1.0 if moved > 1.0 else moved
            if draw() < 0.002:
                customer.took_part = False
                customer.start()
        self.close()

    def take_part(self, customer):
        point = self.random.random() * self.bounds[-1]
        slot = 0
        while self.bounds[slot] <= point:
            slot += 1
        granted = min(
            exp(4.5 + 1.2 * self.random.gauss(0.0, 1.0)), CAP - customer.holdings[slot],
            self.goal[slot] - self.collected[slot],
        )  # fmt: skip
        customer.holdings[slot] += granted
        self.collected[slot] += granted
        self.money += granted
        self.participants += 1
        customer.took_part = True
        customer.clarity += 0.15 * (1 - customer.clarity)
        customer.ability += 0.10 * (1 - customer.ability)
        customer.satisfaction = 0.9 * customer.satisfaction + 0.1 * self.random.gauss(0.6, 0.2)
        customer.experience += 1

    def close(self):
        for slot in range(SLOTS):
            if self.collected[slot] >= self.goal[slot] * (1 - 1e-12):
                for customer in self.customers:
                    customer.holdings[slot] = 0.0
                self.collected[slot], self.goal[slot] = 0.0, self.new_goal()

    def adopt(self, state):
        self.collected, self.goal = state.collected.tolist(), state.goal.tolist()
        columns = (column.tolist() for column in state[:8])
        for customer, values in zip(self.customers, zip(*columns, strict=True), strict=True):
            (customer.aware, customer.took_part, customer.clarity, customer.ability, customer.willingness,
             customer.satisfaction, customer.experience, customer.holdings) = values  # fmt: skip

    def advance(self, weeks):
        course = np.empty((weeks, 2))
        for week in range(weeks):
            self.step()
            course[week] = self.participants, self.money
        return course
