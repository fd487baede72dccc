// node build/sdk/test.mjs fuse.test.ts

import { Candidates, History, Observation } from "greenroom";
import { Fuser, Offer } from "./fuse";

function offer(rows: StaticArray<u32>, weight: f64 = 1, mask: u64 = 0): Offer {
  const scores = new StaticArray<f32>(rows.length);
  const sources = new StaticArray<u64>(mask ? rows.length : 0).fill(mask);
  return new Offer(new Candidates(rows, scores, sources), weight);
}

function seen(limit: u32): Observation {
  const history = new History(
    new StaticArray<u32>(0),
    new StaticArray<i64>(0),
    new StaticArray<u8>(0),
    new StaticArray<f32>(0),
  );
  const seen = new Observation(history);
  seen.limit = limit;
  return seen;
}

function equal(rows: StaticArray<u32>, expected: StaticArray<u32>): void {
  assert(rows.join() == expected.join(), `expected ${expected.join()}, found ${rows.join()}`);
}

export function aRowThatTwoListsOfferComesBeforeOneThatASingleListHasFirst(): void {
  const fused = new Fuser().fuse([offer([1, 2]), offer([3, 2])], 60, 0, seen(10));
  equal(fused.rows, [2, 1, 3]);
  assert(fused.scores[0] == <f32>(2.0 / 62.0));
  assert(fused.scores[1] == <f32>(1.0 / 61.0));
}

export function aSmallKMakesTheFirstPlaceWorthMore(): void {
  equal(new Fuser().fuse([offer([1, 2]), offer([3, 4, 2])], 1, 0, seen(1)).rows, [2]);
  equal(new Fuser().fuse([offer([1, 5, 6, 2]), offer([3, 4, 7, 2])], 1, 0, seen(2)).rows, [1, 3]);
}

export function agreementIsForRowsThatSeveralOffer(): void {
  const lists = [offer([1, 5, 6, 2]), offer([3, 4, 7, 2])];
  const fused = new Fuser().fuse(lists, 1, 1, seen(1));
  equal(fused.rows, [2]);
  assert(fused.scores[0] == <f32>(2 * (2.0 / 5.0)));
  const alone = new Fuser().fuse([offer([1])], 1, 1, seen(1));
  assert(alone.scores[0] == 0.5);
}

export function weightsTellWhoseWordCounts(): void {
  equal(new Fuser().fuse([offer([1], 0.5), offer([2], 2)], 60, 0, seen(10)).rows, [2, 1]);
}

export function tiesGoToTheSmallerRow(): void {
  equal(new Fuser().fuse([offer([9, 4]), offer([3, 8])], 60, 0, seen(10)).rows, [3, 9, 4, 8]);
}

export function masksOfSourcesAreUnited(): void {
  const fused = new Fuser().fuse([offer([1, 2], 1, 1), offer([2], 1, 4)], 60, 0, seen(10));
  equal(fused.rows, [2, 1]);
  assert(fused.sources[0] == 5 && fused.sources[1] == 1);
  assert(new Fuser().fuse([offer([1])], 60, 0, seen(10)).sources.length == 0);
}

export function whatMayNotBeInTheAnswerIsLeftOut(): void {
  const some = seen(10);
  some.excluded = [1];
  some.allowed = [1, 3];
  equal(new Fuser().fuse([offer([1, 2, 3])], 60, 0, some).rows, [3]);
}

export function nothingIsKeptFromOneCallToTheNext(): void {
  const fuser = new Fuser();
  for (let i = 0; i < 3; ++i) {
    equal(fuser.fuse([offer([100000, 2]), offer([2])], 60, 0, seen(1)).rows, [2]);
    equal(fuser.fuse([offer([7])], 60, 0, seen(1)).rows, [7]);
    equal(fuser.fuse([], 60, 0, seen(1)).rows, []);
  }
}
