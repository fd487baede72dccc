// The interface `learner`. `exports.mjs` gives these their official names.

import { feedback } from "../abi/lift";
import { putReport } from "../abi/lower";
import { endsAsFault } from "../abi/outcome";
import { callEnded } from "../abi/realloc";
import { result } from "../abi/result";
import { asLearner } from "../agent";

export function gr_learner_learn(at: usize): usize {
  asLearner().learn(feedback(at));
  endsAsFault(4);
  return result;
}

export function gr_learner_learn_post(_: usize): void {
  callEnded();
}

export function gr_learner_fit(): usize {
  const report = asLearner().fit();
  if (!endsAsFault(8)) putReport(result + 8, report);
  return result;
}

export function gr_learner_fit_post(_: usize): void {
  callEnded();
}
