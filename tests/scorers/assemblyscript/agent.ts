// The scorer that every language has: see docs/agents/costs.md.

import {
  Candidates,
  ColumnKind,
  ColumnSpec,
  Decision,
  Descriptor,
  Fault,
  Lifecycle,
  Observation,
  Parameter,
  Params,
  PayloadKind,
  Port,
  RewardLevel,
  Role,
  best,
  describe,
  exportConfigurable,
  fail,
} from "greenroom";

class Scorer extends Lifecycle {
  private freshness: f64 = 0.3;
  private exploration: f64 = 0.1;

  describe(): Descriptor {
    const columns = [
      new ColumnSpec("relevance"),
      new ColumnSpec("age"),
      new ColumnSpec("shown", ColumnKind.S64s),
      new ColumnSpec("clicked", ColumnKind.U32s),
    ];
    return describe("scorer", "0.1.0", Role.Ranking, "scores candidates by what is known of them")
      .metric("ndcg@10", RewardLevel.Inner)
      .takesPort(new Port("ranked", PayloadKind.Candidates, false, columns))
      .parameter(Parameter.float("freshness", 0, 1, 0.3, "what a new item gains"))
      .parameter(Parameter.float("exploration", 0, 1, 0.1, "what an item gains that was not shown yet"));
  }

  configure(params: Params): void {
    this.freshness = params.float("freshness");
    this.exploration = params.float("exploration");
  }

  decide(seen: Observation): Decision {
    const ranked = seen.takeCandidates("ranked");
    if (ranked == null) return new Decision(Candidates.none());
    const relevance = ranked.column("relevance");
    const age = ranked.column("age");
    const shown = ranked.column("shown");
    const clicked = ranked.column("clicked");
    if (relevance == null || age == null || shown == null || clicked == null) {
      return fail<Decision>(Fault.invalidObservation("the candidates lack a column that the port names"));
    }
    const scores = this.scores(relevance.f32s, age.f32s, shown.s64s, clicked.u32s);
    return new Decision(best(ranked.rows, scores, seen.limit));
  }

  private scores(
    relevance: StaticArray<f32>,
    age: StaticArray<f32>,
    shown: StaticArray<i64>,
    clicked: StaticArray<u32>,
  ): StaticArray<f32> {
    const scores = new StaticArray<f32>(relevance.length);
    for (let i = 0; i < scores.length; ++i) {
      scores[i] = this.score(relevance[i], age[i], <f64>shown[i], clicked[i]);
    }
    return scores;
  }

  private score(relevance: f64, age: f64, shown: f64, clicked: f64): f32 {
    age = max(age, 0);
    shown = max(shown, 0);
    const rate = (clicked + 1) / (shown + 20);
    const interest = relevance + this.freshness / (1 + age / 30) + rate + this.exploration / sqrt(1 + shown);
    return <f32>(interest / sqrt(1 + interest * interest));
  }
}

exportConfigurable(new Scorer());
