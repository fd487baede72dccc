"""Tests of the plugin as it is, without WebAssembly."""

import random
import unittest

import greenroom
from curve import Curve, merged, pooled
from greenroom import Candidates, Column, State, native
from isotonic import COLUMN, SCHEMA, Isotonic


def feedback(outcomes, column="ranked.score"):
    """One request of rows with these (x, whether it was good)."""
    batch = native.organic([(0, row, 0) for row in range(len(outcomes))])
    batch.requests = [0] * len(outcomes)
    batch.outer_rewards = [float(good) for _, good in outcomes]
    batch.inputs = [Column(column, [x for x, _ in outcomes])]
    return batch


def tenths(score_of=lambda score: score):
    """Of scores 0 to 9, that share in tenths turns out well."""
    return [(score_of(i % 10), i // 10 % 10 < i % 10) for i in range(1000)]


def taught(outcomes, column="ranked.score", **params):
    agent = native.configured(Isotonic, **params)
    agent.learn(feedback(outcomes, column))
    agent.fit()
    return agent


def asked(agent, scores, limit=100, **changes):
    ranked = Candidates(range(len(scores)), scores, [], [Column("ease.rank", range(len(scores)))])
    seen = native.observe(limit, ranked=ranked)
    seen.__dict__.update(changes)
    return agent.decide(seen)


class CurveTest(unittest.TestCase):
    def test_violators_are_pooled_into_their_mean(self):
        knots = pooled([(0, 1, 0), (1, 1, 1), (2, 2, 1), (3, 1, 1)], prior=0)
        self.assertEqual([p for _, p in knots], [0, 2 / 3, 1])

    def test_the_line_never_falls_and_is_a_probability(self):
        draw = random.Random(1)
        for _ in range(200):
            points = [(draw.uniform(-5, 5), 1, draw.random() < 0.3) for _ in range(draw.randrange(1, 60))]
            curve = Curve(merged(points, draw.choice([2, 5, 100])), draw.choice([0.01, 1, 100]))
            found = list(curve.probabilities([x / 10 for x in range(-60, 60)]))
            # Between knots it is a product and a sum, which f32 rounds.
            self.assertTrue(all(a <= b + 1e-6 for a, b in zip(found, found[1:])), found)
            self.assertTrue(all(-1e-6 <= p <= 1 + 1e-6 for p in found), found)

    def test_bins_keep_all_outcomes(self):
        draw = random.Random(2)
        points = [(draw.random(), 1, draw.random() < 0.5) for _ in range(5000)]
        bins = merged(points, 50)
        self.assertLessEqual(len(bins), 51)
        self.assertEqual(sum(n for _, n, _ in bins), 5000)
        self.assertEqual(sum(g for _, _, g in bins), sum(g for _, _, g in points))


class IsotonicTest(unittest.TestCase):
    def test_probabilities_become_those_that_were_observed_and_the_order_stays(self):
        answer = asked(taught(tenths(), prior=0.01), [9.0, 5.0, 0.0])
        self.assertEqual((list(answer.rows), list(answer.scores)), ([0, 1, 2], [9.0, 5.0, 0.0]))
        for found, share in zip(answer.column(COLUMN), [0.9, 0.5, 0.0]):
            self.assertAlmostEqual(found, share, places=3)
        self.assertIsNotNone(answer.column("ease.rank"))

    def test_scores_that_tell_the_opposite_tell_nothing(self):
        found = asked(taught(tenths(lambda score: -score)), [0.0, -5.0, -9.0]).column(COLUMN)
        self.assertEqual(len(set(found)), 1)
        self.assertAlmostEqual(found[0], 0.45, places=3)

    def test_ranks_are_learned_where_that_is_asked_for(self):
        # The port ranked those first that turn out well.
        agent = taught(tenths(lambda score: 9 - score) + [(-1, True)] * 100, "ranked.rank", by="rank", prior=0.01)
        found = asked(agent, [7.0, 6.5, 6.4]).column(COLUMN)
        self.assertEqual([round(p, 2) for p in found], [0.9, 0.8, 0.7])

    def test_before_feedback_it_is_one_half(self):
        self.assertEqual(list(asked(native.configured(Isotonic), [3.0, -1.0]).column(COLUMN)), [0.5, 0.5])

    def test_the_probability_becomes_the_score_when_asked_to(self):
        answer = asked(taught(tenths(), replace=True), [9.0, 5.0])
        self.assertEqual(answer.scores, answer.column(COLUMN))

    def test_a_prior_draws_to_the_mean(self):
        few = [(0.0, False), (1.0, True)]
        weak, strong = (asked(taught(few, prior=prior), [1.0]).column(COLUMN)[0] for prior in (0.01, 1000))
        self.assertGreater(weak, 0.99)
        self.assertAlmostEqual(strong, 0.5, places=2)

    def test_what_may_not_be_shown_is_left_out_and_the_limit_holds(self):
        answer = asked(taught(tenths()), [9.0, 5.0, 4.0], limit=1, excluded=[0])
        self.assertEqual(list(answer.rows), [1])

    def test_nothing_to_calibrate_is_nothing_answered(self):
        self.assertEqual(len(native.configured(Isotonic).decide(native.observe(10))), 0)

    def test_organic_and_retracted_events_are_no_good_outcomes(self):
        agent = native.configured(Isotonic)
        organic = feedback([(1.0, True)] * 10)
        organic.requests = [greenroom.NONE] * 10
        agent.learn(organic)
        self.assertEqual(agent.fit().examples, 0)
        retracted = feedback([(1.0, True)] * 10)
        retracted.statuses = bytes([2]) * 10
        agent.learn(retracted)
        self.assertEqual(agent.fit().examples, 10)
        self.assertLess(asked(agent, [1.0]).column(COLUMN)[0], 0.01)

    def test_many_scores_take_no_more_room_than_bins(self):
        draw = random.Random(3)
        agent = native.configured(Isotonic)
        for _ in range(3):
            agent.learn(feedback([(x, draw.random() < x) for x in (draw.random() for _ in range(45_000))]))
        self.assertLess(len(agent.points), 100_000)
        self.assertEqual(agent.fit().examples, 135_000)
        self.assertLessEqual(len(agent.snapshot().bytes), 4 + 24 * 201)
        for found, share in zip(asked(agent, [0.9, 0.5, 0.1]).column(COLUMN), [0.9, 0.5, 0.1]):
            self.assertAlmostEqual(found, share, delta=0.05)

    def test_state_comes_back_with_the_same_bytes_and_decisions(self):
        learner = taught(tenths())
        state = learner.snapshot()
        other = native.configured(Isotonic)
        other.restore(state)
        self.assertEqual(other.snapshot(), state)
        self.assertEqual(asked(other, [8.5, 2.0]), asked(learner, [8.5, 2.0]))

    def test_garbage_is_no_state(self):
        whole = taught(tenths()).snapshot().bytes
        nan = whole[:4] + b"\xff" * 8 + whole[12:]
        for data in (b"", whole[:-1], whole + b"1", nan):
            with self.assertRaises(greenroom.InvalidState):
                native.configured(Isotonic).restore(State(SCHEMA, data))

    def test_a_short_column_is_refused_by_name(self):
        batch = feedback([(1.0, True), (2.0, False)])
        batch.outer_rewards = [1.0]
        with self.assertRaisesRegex(greenroom.InvalidFeedback, "`outer-rewards` has 1 values"):
            native.configured(Isotonic).learn(batch)


if __name__ == "__main__":
    unittest.main()
