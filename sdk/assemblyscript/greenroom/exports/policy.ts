// The interface `policy`. `exports.mjs` gives these their official names.

import { observation } from "../abi/lift";
import { putDecision } from "../abi/lower";
import { endsAsFault } from "../abi/outcome";
import { callEnded } from "../abi/realloc";
import { result } from "../abi/result";
import { asPolicy } from "../agent";

export function gr_policy_decide(at: usize): usize {
  const decision = asPolicy().decide(observation(at));
  if (!endsAsFault(8)) putDecision(result + 8, decision);
  return result;
}

export function gr_policy_decide_post(_: usize): void {
  callEnded();
}
