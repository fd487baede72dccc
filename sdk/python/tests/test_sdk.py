"""Tests of the SDK without WebAssembly: `PYTHONPATH=sdk/python python3 -m unittest discover -s sdk/python/tests`."""

import math
import unittest
from array import array

import greenroom
from greenroom import Candidates, Column, Input, Params, Route, memory, native, pack, unpack
from greenroom.columns import as_list


class ColumnsTest(unittest.TestCase):
    def test_what_was_handed_over_is_a_list_until_it_is_read(self):
        rows = [1, 2]
        it = Candidates.handed(rows, [0.1, 0.2], [], [])
        self.assertIs(as_list(it, "rows"), rows)
        self.assertEqual(it.rows, array("I", rows))
        it.rows[0] = 7
        self.assertEqual(as_list(it, "rows"), [7, 2])

    def test_what_does_not_fit_is_refused_by_name(self):
        for wrong, error in (([-1], OverflowError), ([1 << 32], OverflowError), ([0.5], TypeError), (["1"], TypeError)):
            with self.assertRaisesRegex(error, "`rows` is a column of u32"):
                Candidates(wrong, [1.0])

    def test_bytes_are_numbers_one_each(self):
        self.assertEqual(list(Column("kind", bytes([4, 5, 6, 7]), "u32s").values), [4, 5, 6, 7])

    def test_extremes_pass(self):
        times = [-(1 << 63), (1 << 63) - 1]
        self.assertEqual(Column("time", times, "s64s").as_list(), times)
        self.assertEqual(Column("x", [math.inf, -math.inf]).as_list(), [math.inf, -math.inf])


class CandidatesTest(unittest.TestCase):
    def test_the_best_come_first_and_ties_go_to_the_smaller_row(self):
        best = Candidates.best([9, 1, 5, 3], [1.0, 2.0, 2.0, -1.0], 3)
        self.assertEqual((list(best.rows), list(best.scores)), ([1, 5, 9], [2.0, 2.0, 1.0]))
        self.assertEqual(len(Candidates.best([], [], 3)), 0)
        self.assertEqual(len(Candidates.best([1], [1.0], 0)), 0)

    def test_scores_are_compared_as_f32(self):
        self.assertEqual(list(Candidates.best([2, 1], [0.1 + 1e-12, 0.1], 2).rows), [1, 2])

    def test_a_score_that_is_not_finite_is_refused_by_its_row(self):
        for score in (math.nan, math.inf):
            with self.assertRaisesRegex(ValueError, "the score of row 7 is"):
                Candidates.best([3, 7], [1.0, score], 2)

    def test_what_came_with_rows_goes_on_with_them(self):
        it = Candidates([7, 8, 9], [3.0, 2.0, 1.0], [1, 2, 1 << 63], [Column("year", [1.0, 2.0, 3.0])])
        picked = it.pick([2, 0])
        self.assertEqual((list(picked.rows), list(picked.sources)), ([9, 7], [1 << 63, 1]))
        self.assertEqual(list(picked.column("year")), [3.0, 1.0])
        self.assertIs(it.first(3), it)
        self.assertEqual(list(it.only(lambda row: row != 8).rows), [7, 9])

    def test_a_column_of_another_length_is_refused(self):
        with self.assertRaisesRegex(ValueError, "`p` has 1 values for 2 rows"):
            Candidates([1, 2], [1.0, 1.0]).put("p", [0.5])


class ObservationTest(unittest.TestCase):
    def test_only_what_is_allowed_and_not_excluded_is_admitted(self):
        seen = native.observe(3)
        seen.excluded, seen.allowed = [2], [1, 2]
        self.assertEqual([seen.admits(row) for row in (1, 2, 3)], [True, False, False])

    def test_a_port_takes_candidates_and_nothing_else(self):
        seen = native.observe(3, a=Candidates([1], [1.0]))
        seen.inputs.append(Input("b", "router", Route([])))
        self.assertEqual(len(seen.take_candidates("a")), 1)
        self.assertEqual(len(seen.take_candidates("a")), 0)
        with self.assertRaisesRegex(greenroom.InvalidObservation, 'port "b" takes candidates, and "router" sent this: route'):
            seen.take_candidates("b")

    def test_randomness_repeats_with_the_seed(self):
        first, second = native.observe(1), native.observe(1)
        self.assertEqual(first.random.random(), second.random.random())


class FeedbackTest(unittest.TestCase):
    def test_requests_are_runs_of_rows_and_organic_events_are_none(self):
        batch = native.organic([(0, row, 0) for row in range(5)])
        batch.requests = [greenroom.NONE, 0, 0, 1, greenroom.NONE]
        self.assertEqual([list(run) for run in batch.asked()], [[1, 2], [3]])

    def test_what_was_taken_back_is_not_rewarded(self):
        batch = native.organic([(0, 1, 0), (0, 2, 0)])
        batch.statuses = bytes([1, 2])
        self.assertEqual([batch.is_rewarded(event) for event in (0, 1)], [True, False])


class ParamsTest(unittest.TestCase):
    def test_a_mistake_names_the_parameter_and_what_was_found(self):
        params = Params({"a": "x", "b": True, "c": [1, -1], "d": 1.5})
        for read, said in (
            (lambda: params.float("z"), "`z` (a number) is missing"),
            (lambda: params.float("a"), "`a` takes a number, not 'x'"),
            (lambda: params.float("b"), "`b` takes a number, not True"),
            (lambda: params.integer("d"), "`d` takes a whole number, not 1.5"),
            (lambda: params.items("c"), "`c` takes a list of items, not [1, -1]"),
            (lambda: params.boolean("a"), "`a` takes true or false, not 'x'"),
            (lambda: params.choice("d"), "`d` takes a name, not 1.5"),
            (lambda: params.numbers("a"), "`a` takes a list of numbers or a map from names to numbers, not 'x'"),
        ):
            with self.assertRaises(greenroom.InvalidParameters) as caught:
                read()
            self.assertEqual(caught.exception.message, said)

    def test_whole_numbers_are_numbers_too(self):
        params = Params.decode(pack({"f": 1, "w": [1, 2.5], "m": {"ü": 3}}))
        self.assertEqual((params.float("f"), params.numbers("w"), params.numbers("m")), (1.0, [1.0, 2.5], {"ü": 3.0}))
        self.assertIsNone(params.numbers("none"))
        self.assertEqual(list(params.items("none")), [])


class DocumentsTest(unittest.TestCase):
    def test_values_come_back_as_they_went(self):
        numbers = [0, 127, 128, 255, 256, 65535, 65536, (1 << 64) - 1, -1, -32, -33, -129, -32769, -(1 << 63)]
        for value in (*numbers, 0.1, None, True, "ü" * 40, "x" * 70000, b"1" * 300, [numbers] * 20, {"a": {"b": []}}):
            self.assertEqual(unpack(pack(value)), value)

    def test_broken_bytes_are_refused(self):
        whole = pack({"a": [1, "bc", 2.5, 1 << 40]})
        for cut in range(1, len(whole)):
            with self.assertRaises(ValueError):
                unpack(whole[:cut])
        for wrong in (whole + b"1", b"\xc1", b"\xa1\xff", b"\x91" * 100 + b"\x01", b"\xdd\xff\xff\xff\xff"):
            with self.assertRaises(ValueError):
                unpack(wrong)


class NativeTest(unittest.TestCase):
    def setUp(self):
        native.reset()

    def test_a_namespace_keeps_revisions(self):
        with memory.open("notes") as notes:
            first = notes.compare_and_swap("k", None, b"1")
            with self.assertRaises(memory.Conflict) as caught:
                notes.compare_and_swap("k", None, b"2")
            self.assertEqual(caught.exception.revision, first)
            notes.put("ü", b"2")
            self.assertEqual(notes.scan(limit=1).next, "k")
            self.assertEqual([entry.key for entry in notes.scan(after="k").entries], ["ü"])
            self.assertTrue(notes.delete("k"))
            self.assertIsNone(notes.get("k"))

    def test_facts_that_nobody_has_are_not_found(self):
        native.set_facts(rows=2, year=[1990.0, 2000.0])
        self.assertEqual(list(memory.gather([1, 0], ["year"])[0].values), [2000.0, 1990.0])
        with self.assertRaises(memory.NotFound):
            memory.gather([0], ["length"])


if __name__ == "__main__":
    unittest.main()
