"""Tests of the agent as it is, without WebAssembly: `greenroom test --native` runs them, and so does an editor."""

import math
import unittest

from agent import Agent
from greenroom import Candidates, native


def decide(limit=10, **params):
    native.set_facts(rows=3, year=[1950.0, 2020.0, math.nan])
    ranked = Candidates([0, 1, 2], [3.0, 2.0, 1.0])
    return native.configured(Agent, **params).decide(native.observe(limit, ranked=ranked))


class AgentTest(unittest.TestCase):
    def setUp(self):
        native.reset()

    def test_without_strength_the_order_stays(self):
        self.assertEqual(list(decide(strength=0.0).rows), [0, 1, 2])

    def test_newer_items_go_up(self):
        self.assertEqual(list(decide(strength=1.0).rows), [1, 0, 2])

    def test_no_more_rows_than_wanted(self):
        self.assertEqual(len(decide(limit=1)), 1)

    def test_nothing_to_order_is_nothing_answered(self):
        native.set_facts(rows=0, year=[])
        self.assertEqual(len(native.configured(Agent).decide(native.observe(10))), 0)
