// One list of what several sources offer, by weighted reciprocal ranks (Cormack, Clarke and Büttcher, SIGIR 2009).
//
// Ranks need no common scale of scores and nothing that is learned, so this is a fusion for a graph that is new, and
// the one to beat for any that learns. A row's score is the sum of weight / (k + rank) over the inputs that offer it.
// `agreement` makes more of rows that several inputs offer. Masks of sources are united; columns are not passed on.

import {
  Decision,
  Descriptor,
  Fault,
  Lifecycle,
  Numbers,
  Observation,
  Parameter,
  Params,
  RewardLevel,
  Role,
  describe,
  exportConfigurable,
  fail,
} from "greenroom";
import { Fuser, Offer } from "./fuse";

class Rrf extends Lifecycle {
  private k: f64 = 60;
  private agreement: f64 = 0;
  private weights: Numbers | null = null;
  private fuser: Fuser = new Fuser();

  describe(): Descriptor {
    return describe("rrf", "0.1.0", Role.Fusion, "merges what several sources offer, by ranks alone")
      .metric("ndcg@10", RewardLevel.Outer)
      .takes("*", true)
      .parameter(Parameter.float("k", 1, 1000, 60, "how slowly the worth of a rank falls").log())
      .parameter(
        Parameter.float("agreement", 0, 1, 0, "what a row gains that every source offers, as a share of its score"),
      )
      .parameter(Parameter.numbers("weights", "what each port is worth; 1 where not given, 0 for not at all"));
  }

  configure(params: Params): void {
    this.k = params.float("k");
    this.agreement = params.float("agreement");
    const weights = params.numbers("weights");
    if (!weights.isMap && weights.values.length > 0) {
      return fail(Fault.invalidParameters("`weights` takes a map from ports to numbers, not a list"));
    }
    const bad: string[] = [];
    for (let i = 0; i < weights.names.length; ++i) {
      const weight = weights.values[i];
      if (!isFinite(weight) || weight < 0) bad.push(weights.names[i]);
    }
    if (bad.length > 0) {
      const names = bad.join(", ");
      return fail(Fault.invalidParameters(`\`weights\` takes numbers from 0 up, which those of ${names} are not`));
    }
    this.weights = weights;
  }

  decide(seen: Observation): Decision {
    // Sums of reals depend on their order, and an answer should not depend on the order in which a graph names its
    // inputs.
    const inputs = seen.inputs.slice().sort((a, b) => (a.port < b.port ? -1 : i32(a.port > b.port)));
    const offers: Offer[] = [];
    for (let i = 0; i < inputs.length; ++i) {
      const port = inputs[i].port;
      if (i > 0 && inputs[i - 1].port == port) {
        return fail<Decision>(
          Fault.invalidObservation(`two sources at port "${port}": give each source a port of its own`),
        );
      }
      const weight = this.weight(port);
      const offered = inputs[i].candidates();
      if (weight > 0) offers.push(new Offer(offered, weight));
    }
    return new Decision(this.fuser.fuse(offers, this.k, this.agreement, seen));
  }

  private weight(port: string): f64 {
    const weights = this.weights;
    return weights == null ? 1 : weights.get(port, 1);
  }
}

exportConfigurable(new Rrf());
