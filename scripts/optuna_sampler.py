"""Optuna says what `greenroom evolve` tries next.

    pip install optuna              # cmaes beside it for --sampler cmaes; scipy and torch for gp
    greenroom evolve GRAPH --events FILE --sampler-command "python3 scripts/optuna_sampler.py --sampler tpe"

Speaks the JSON lines of docs/samplers.md. Each question is asked of a sampler made anew with the question's seed, and trials
that were told to an earlier run of this program are asked for again with the seeds that they had: so what is suggested is the
same whether or not the program was begun anew between. Dimensions are defined by run: one whose condition does not hold
is not suggested.
"""

import argparse
import json
import math
import sys
import traceback
import warnings

KINDS = ("tpe", "cmaes", "random", "gp", "nsgaii")


def written(value):
    """A value as a graph file has it, which is how conditions name it."""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def active(space, value_of):
    """The point whose values are those of `value_of`, a function of a dimension."""
    point = {}
    for dimension in space:
        condition = dimension["condition"]
        on = condition and condition["dimension"]
        if condition and (on not in point or written(point[on]) not in condition["values"]):
            continue
        point[dimension["name"]] = value_of(dimension)
    return point


def same(one, other):
    """Whether two points are one, but for what decimals round away."""

    def close(a, b):
        return math.isclose(a, b, rel_tol=1e-12) if isinstance(a, float) and isinstance(b, float) else a == b

    return one.keys() == other.keys() and all(close(one[name], other[name]) for name in one)


class Bridge:
    """One study of the host's as one of Optuna's."""

    def __init__(self, study, kind):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        # Of what is experimental, and of `constraints_func`, which versions 4 and 5 both have.
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        warnings.filterwarnings("ignore", category=FutureWarning)
        self.optuna, self.kind = optuna, kind
        self.space, self.lag = study["space"], study["lag"]
        self.objectives = [objective["name"] for objective in study["objectives"]]
        self.constraints = [constraint["name"] for constraint in study["constraints"]]
        self.conditional = any(dimension["condition"] for dimension in self.space)
        directions = [objective["direction"].replace("mise", "mize") for objective in study["objectives"]]
        self.study = optuna.create_study(directions=directions, sampler=self.sampler(study["seed"]))
        # By number: trials of Optuna's that run, and what is to be told of them when its turn comes.
        self.running, self.waiting = {}, {}

    def sampler(self, seed):
        samplers = self.optuna.samplers
        kept = {"constraints_func": lambda trial: trial.user_attrs["violations"]} if self.constraints else {}
        if self.kind == "tpe":
            # Its default is multivariate, which without groups leaves out all that is under a condition.
            return samplers.TPESampler(seed=seed, multivariate=True, group=self.conditional, **kept)
        if self.kind == "cmaes":
            return samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
        if self.kind == "gp":
            return samplers.GPSampler(seed=seed, warn_independent_sampling=False, **kept)
        if self.kind == "nsgaii":
            return samplers.NSGAIISampler(seed=seed, **kept)
        return samplers.RandomSampler(seed=seed)

    def distribution(self, dimension):
        of, domain = self.optuna.distributions, dimension["domain"]
        if domain["type"] == "float":
            return of.FloatDistribution(domain["low"], domain["high"], log=domain["log"])
        if domain["type"] == "integer":
            return of.IntDistribution(domain["low"], domain["high"], log=domain["log"])
        return of.CategoricalDistribution(domain["options"] if domain["type"] == "choice" else [False, True])

    def suggested(self, trial, dimension):
        name, distribution = dimension["name"], self.distribution(dimension)
        if isinstance(distribution, self.optuna.distributions.CategoricalDistribution):
            return trial.suggest_categorical(name, distribution.choices)
        suggest = trial.suggest_float if dimension["domain"]["type"] == "float" else trial.suggest_int
        return suggest(name, distribution.low, distribution.high, log=distribution.log)

    def ask(self, number, seed):
        """The point of a trial, from those before that it may know."""
        for earlier in sorted(earlier for earlier in self.waiting if earlier <= number - self.lag):
            self.tell(self.waiting.pop(earlier))
        self.study.sampler = self.sampler(seed)
        trial = self.study.ask()
        point = active(self.space, lambda dimension: self.suggested(trial, dimension))
        self.running[number] = trial
        return point

    def tell(self, line):
        states, trial = self.optuna.trial.TrialState, self.running.pop(line["number"])
        if trial is None:
            self.add(line)
        elif line["outcome"] == "complete":
            trial.set_user_attr("violations", self.violations(line))
            self.study.tell(trial, self.values(line))
        elif line["outcome"] == "pruned" and len(self.objectives) == 1:
            trial.set_user_attr("violations", self.violations(line))
            trial.report(self.values(line)[0], line["rung"])
            self.study.tell(trial, state=states.PRUNED)
        else:
            self.study.tell(trial, state=states.FAIL)

    def add(self, line):
        """A trial that this program never suggested: a warm start, or one of another version of Optuna."""
        if line["outcome"] != "complete":
            return
        violations = self.violations(line)
        distributions = {
            dimension["name"]: self.distribution(dimension)
            for dimension in self.space
            if dimension["name"] in line["point"]
        }
        self.study.add_trial(
            self.optuna.trial.create_trial(
                params=line["point"],
                distributions=distributions,
                values=self.values(line),
                user_attrs={"violations": violations},
                system_attrs={"constraints": violations} if self.constraints else {},
            )
        )

    def values(self, line):
        return [line["values"][name] for name in self.objectives]

    def violations(self, line):
        """Nothing is known of those of a trial that was given up: it is taken to hold them."""
        return [line.get("violations", {}).get(name, 0.0) for name in self.constraints]

    def answer(self, question):
        """A point for a question, with whatever this program does not know yet."""
        known = {}
        for line in question["told"]:
            if line.get("warm"):
                self.add(line)
            else:
                self.waiting[line["number"]] = line
                known[line["number"]] = line
        known |= {line["number"]: line for line in question["pending"]}
        for number in sorted(number for number in known if number not in self.running):
            line = known[number]
            if not same(self.ask(number, line["seed"]), line["point"]):
                print(f"trial {number} is not what this Optuna would have tried: it is added", file=sys.stderr)
                self.study.tell(self.running[number], state=self.optuna.trial.TrialState.FAIL)
                self.running[number] = None
        return self.ask(question["ask"], question["seed"])


def main():
    arguments = argparse.ArgumentParser(description="Optuna as a sampler of `greenroom evolve`.")
    arguments.add_argument("--sampler", choices=KINDS, default=KINDS[0])
    kind = arguments.parse_args().sampler
    study, bridge = None, None
    for text in sys.stdin:
        line = json.loads(text)
        if "study" in line:
            study = line["study"]
            continue
        try:
            if study["protocol"] != 1:
                raise ValueError(f"this script speaks protocol 1, and the host {study['protocol']}")
            bridge = bridge or Bridge(study, kind)
            said = {"point": bridge.answer(line)}
        except ImportError as error:
            said = {"error": f"{error}; `pip install optuna cmaes` brings Optuna, gp needs scipy and torch too"}
        except Exception as error:  # Whatever it is, the study should stop with it.
            traceback.print_exc()
            said = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
