// Puts newer items further up in a list that is ranked already.

import {
  Candidates,
  Decision,
  Descriptor,
  Lifecycle,
  MemoryErrorKind,
  Observation,
  Parameter,
  Params,
  RewardLevel,
  Role,
  best,
  describe,
  exportConfigurable,
  fail,
  memory,
} from "greenroom";

class Agent extends Lifecycle {
  strength: f32 = 0.1;

  // What the graph has to connect, and what may be tuned.
  describe(): Descriptor {
    return describe("__name__", "0.1.0", Role.Reranking, "puts newer items further up")
      .metric("ndcg@10", RewardLevel.Outer)
      .takes("ranked")
      .facts(["year"])
      .parameter(Parameter.float("strength", 0, 1, 0.1, "how much newer items are preferred"));
  }

  configure(params: Params): void {
    this.strength = <f32>params.float("strength");
  }

  decide(seen: Observation): Decision {
    const ranked = seen.takeCandidates("ranked");
    if (ranked == null) return new Decision(Candidates.none());
    const found = memory.gather(ranked.rows, ["year"]); // one column, NaN where a year is not known
    if (found.is(MemoryErrorKind.NotFound) || found.is(MemoryErrorKind.Denied)) {
      return new Decision(ranked.first(seen.limit)); // nothing is known of years: the list as it is
    }
    if (!found.ok) return fail<Decision>(found.error!.fault());
    const years = found.value[0].f32s;
    const n = ranked.length;
    const scores = new StaticArray<f32>(n);
    for (let i = 0; i < n; ++i) {
      const place: f32 = 1 - <f32>i / <f32>n; // 1 for the first
      const newness: f32 = isNaN(years[i]) ? 0 : min<f32>(max<f32>((years[i] - 1950) / 100, 0), 1);
      scores[i] = (1 - this.strength) * place + this.strength * newness;
    }
    return new Decision(best(ranked.rows, scores, seen.limit));
  }
}

// Ends the file: makes a component that decides and has parameters.
exportConfigurable(new Agent());
