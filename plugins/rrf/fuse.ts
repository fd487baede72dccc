// Weighted reciprocal rank fusion: what several lists say, put together by ranks alone.

import { Candidates, Observation, best } from "greenroom";

/** A list of rows, best first, and what its word is worth. */
export class Offer {
  constructor(public candidates: Candidates, public weight: f64) {}
}

/** Fuses lists. Keeps its buffer between calls, and nothing of what it fused. */
export class Fuser {
  // By row: one more than the row's place among those that were offered; 0 when it was not.
  private places: StaticArray<u32> = new StaticArray<u32>(1024);

  /**
   * The best of what is offered and may be in the answer: by the sum of weight / (k + rank), rank from 1, over the
   * lists that offer a row; multiplied by up to 1 + `agreement` for one that all of them offer, and by 1 for one that
   * a single one does.
   */
  fuse(offers: Offer[], k: f64, agreement: f64, seen: Observation): Candidates {
    let most = 0;
    for (let i = 0; i < offers.length; ++i) most += offers[i].candidates.length;
    const rows = new StaticArray<u32>(most);
    const sums = new StaticArray<f64>(most);
    const masks = new StaticArray<u64>(most);
    const voices = new StaticArray<u32>(most);
    let found: u32 = 0;
    let union: u64 = 0;
    for (let i = 0; i < offers.length; ++i) {
      const all = offers[i].candidates;
      const hasMasks = all.sources.length > 0;
      for (let rank = 0; rank < all.length; ++rank) {
        const row = unchecked(all.rows[rank]);
        let place = this.placeOf(row);
        if (place == 0) {
          if (!seen.admits(row)) continue;
          place = ++found;
          unchecked((this.places[row] = place));
          unchecked((rows[place - 1] = row));
        }
        --place;
        unchecked((sums[place] += offers[i].weight / (k + <f64>(rank + 1))));
        unchecked((voices[place] += 1));
        if (hasMasks) unchecked((masks[place] |= all.sources[rank]));
      }
    }
    const scores = new StaticArray<f32>(found);
    const others = <f64>max(offers.length - 1, 1);
    for (let place: u32 = 0; place < found; ++place) {
      const agreed = agreement * <f64>(unchecked(voices[place]) - 1) / others;
      unchecked((scores[place] = <f32>(sums[place] * (1 + agreed))));
      union |= unchecked(masks[place]);
    }
    const fused = best(rows.slice<StaticArray<u32>>(0, found), scores, seen.limit);
    if (union != 0) {
      fused.sources = new StaticArray<u64>(fused.length);
      for (let i = 0; i < fused.length; ++i) fused.sources[i] = masks[this.placeOf(fused.rows[i]) - 1];
    }
    for (let place: u32 = 0; place < found; ++place) unchecked((this.places[rows[place]] = 0));
    return fused;
  }

  private placeOf(row: u32): u32 {
    const known = <u32>this.places.length;
    if (row >= known) {
      const larger = new StaticArray<u32>(<i32>max(row + 1, 2 * known));
      memory.copy(changetype<usize>(larger), changetype<usize>(this.places), <usize>known * sizeof<u32>());
      this.places = larger;
    }
    return unchecked(this.places[row]);
  }
}
