"""The benchmark model as Mesa's own tutorials write models: agents in the cells of a Network, AgentSet.do."""

import math

import mesa
import networkx as nx
import numpy as np
from mesa.discrete_space import CellAgent, Network

SLOTS, CAP = 20, 500.0


class Customer(CellAgent):
    """A customer who hears, takes part, learns and leaves."""

    def __init__(self, model, cell):
        super().__init__(model)
        self.cell = cell
        self.start()

    def start(self):
        self.aware = False
        self.clarity = self.random.uniform(0.2, 0.6)
        self.ability = self.random.uniform(0.2, 0.6)
        self.willingness = self.random.uniform(0.2, 0.8)
        self.satisfaction = 0.5
        self.experience = 0
        self.holdings = [0.0] * SLOTS
        self.takes_part = False
        self.took_part = False

    def look_around(self):
        self.known = sum(other.took_part for other in self.cell.neighborhood.agents)

    def step(self):
        if not self.aware:
            self.aware = self.random.random() < 1 - (1 - 0.002) * (1 - 0.05) ** self.known
        self.takes_part = self.aware and self.random.random() < self.clarity * self.ability * self.willingness
        if self.takes_part:
            self.stake()
            self.learn()
        if self.aware:
            share = self.known / len(self.cell.connections)
            moved = 0.7 * self.willingness + 0.3 * self.satisfaction + 0.05 * share
            self.willingness = min(max(moved, 0.0), 1.0)
        if self.random.random() < 0.002:
            self.start()

    def stake(self):
        slot = self.random.choices(range(SLOTS), self.model.weights)[0]
        wish = self.random.lognormvariate(4.5, 1.2)
        left = self.model.goal[slot] - self.model.collected[slot]
        granted = min(wish, CAP - self.holdings[slot], left)
        self.holdings[slot] += granted
        self.model.collected[slot] += granted
        self.model.money += granted
        self.model.participants += 1

    def learn(self):
        self.clarity += 0.15 * (1 - self.clarity)
        self.ability += 0.10 * (1 - self.ability)
        self.satisfaction = 0.9 * self.satisfaction + 0.1 * self.random.gauss(0.6, 0.2)
        self.experience += 1

    def drop(self, slot):
        self.holdings[slot] = 0.0

    def end_week(self):
        self.took_part = self.takes_part


class Engine(mesa.Model):
    """The market of customers and project slots."""

    def __init__(self, network, seed):
        super().__init__(rng=seed)
        customers = len(network.offsets) - 1
        owners = np.repeat(np.arange(customers), np.diff(network.offsets))
        graph = nx.Graph()
        graph.add_nodes_from(range(customers))
        graph.add_edges_from(zip(owners.tolist(), network.neighbours.tolist(), strict=True))
        self.network = Network(graph, random=self.random, layout=None)
        for cell in self.network.all_cells:
            Customer(self, cell)
        self.goal = [self.new_goal() for _ in range(SLOTS)]
        self.collected = [0.0] * SLOTS

    def new_goal(self):
        return len(self.agents) * self.random.uniform(50, 150)

    def step(self):
        self.participants, self.money = 0, 0.0
        self.weights = [1 + got / goal for got, goal in zip(self.collected, self.goal, strict=True)]
        self.agents.do("look_around")
        self.agents.do("step")
        self.agents.do("end_week")
        for slot in range(SLOTS):
            if math.isclose(self.collected[slot], self.goal[slot], rel_tol=1e-12):
                self.agents.do("drop", slot)
                self.collected[slot], self.goal[slot] = 0.0, self.new_goal()

    def adopt(self, state):
        self.collected, self.goal = state.collected.tolist(), state.goal.tolist()
        columns = (column.tolist() for column in state[:8])
        for customer, values in zip(self.agents, zip(*columns, strict=True), strict=True):
            (customer.aware, customer.took_part, customer.clarity, customer.ability, customer.willingness,
             customer.satisfaction, customer.experience, customer.holdings) = values  # fmt: skip

    def advance(self, weeks):
        course = np.empty((weeks, 2))
        for week in range(weeks):
            self.step()
            course[week] = self.participants, self.money
        return course
