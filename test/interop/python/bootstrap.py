"""Bootstrap intervals of simulated evaluations by NumPy, with the data that they are of.

usage: bootstrap.py OUTPUT.json

Σ loss and Σ tokens of each document, for two strategies and several seeds. Documents are resampled,
the same for every seed; the deviation of n resampled documents is multiplied by √(n / χ²) with n − 1
degrees of freedom. The mean over k seeds, as pairs or each side for itself, moves by its standard error
times Student's t with k − 1 degrees of freedom. Of every end of an interval and every p there is also
its standard error for one resample: that of n is 1/√n of it.
"""

import json
import pathlib
import sys

import numpy as np

RESAMPLES = 100_000
AT_ONCE = 5_000
TAIL = 0.025
draw = np.random.default_rng(20260401)


def simulate(documents, a_seeds, b_seeds, effect, seed_spread):
    """Documents of very different lengths and difficulties; a run adds noise of its own to each."""
    tokens = np.ceil(np.exp(draw.normal(4.0, 1.0, documents)))
    difficulty = 4.0 + 0.8 * draw.standard_t(4, documents)

    def runs(count, shift):
        bias = shift + seed_spread * draw.normal(size=(count, 1))
        noise = draw.normal(size=(count, documents)) * (0.3 + 1.5 / np.sqrt(tokens))
        return (difficulty + bias + noise) * tokens

    return {"tokens": tokens, "a": runs(a_seeds, effect), "b": runs(b_seeds, 0.0)}


def seed_move(values):
    """Draws of the error that a mean over seeds has."""
    if len(values) == 1:
        return np.zeros(AT_ONCE)
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return error * draw.standard_t(len(values) - 1, AT_ONCE)


def resample(data, seeds):
    documents = len(data["tokens"])
    observed = {side: data[side].sum(axis=1) / data["tokens"].sum() for side in ("a", "b")}
    estimate = observed["a"].mean() - observed["b"].mean()
    values = []
    for _ in range(RESAMPLES // AT_ONCE):
        chosen = draw.integers(documents, size=(AT_ONCE, documents))
        # (resamples, documents): how often each document was drawn.
        times = np.zeros((AT_ONCE, documents))
        np.add.at(times, (np.arange(AT_ONCE)[:, None], chosen), 1.0)
        divisor = times @ data["tokens"]
        losses = {side: times @ data[side].T / divisor[:, None] for side in ("a", "b")}
        deviation = losses["a"].mean(axis=1) - losses["b"].mean(axis=1) - estimate
        deviation *= np.sqrt(documents / draw.chisquare(documents - 1, AT_ONCE))
        if seeds == "paired":
            move = seed_move(observed["a"] - observed["b"])
        else:
            move = seed_move(observed["a"]) - seed_move(observed["b"])
        values.append(estimate + deviation + move)
    return np.concatenate(values)


def end(values, probability):
    """A quantile and its standard error for one resample, √(q(1−q)) / density."""
    step = 0.005
    slope = np.quantile(values, probability + step) - np.quantile(values, probability - step)
    error = np.sqrt(probability * (1 - probability)) * slope / (2 * step)
    return {"value": np.quantile(values, probability), "error": error}


def summary(data, seeds):
    values = resample(data, seeds)
    half = max(min(np.mean(values <= 0), np.mean(values >= 0)), 0.5 ** len(data["tokens"]))
    ratio = lambda side: data[side].sum(axis=1) / data["tokens"].sum()
    return {
        "estimate": ratio("a").mean() - ratio("b").mean(),
        "low": end(values, TAIL),
        "high": end(values, 1 - TAIL),
        "p": {"value": min(1.0, 2 * half), "error": 2 * np.sqrt(half * (1 - half))},
    }


def spread(values):
    return {"values": values, "mean": np.mean(values), "deviation": np.std(values, ddof=1)}


# effect and seed_spread leave zero inside, at the edge of and outside the interval.
cases = {
    "one seed, no difference": ("paired", simulate(60, 1, 1, 0.0, 0.0)),
    "one seed, a small difference": ("paired", simulate(60, 1, 1, 0.12, 0.0)),
    "eight documents": ("paired", simulate(8, 1, 1, 0.3, 0.0)),
    "two seeds in pairs": ("paired", simulate(50, 2, 2, 0.4, 0.05)),
    "three seeds in pairs": ("paired", simulate(120, 3, 3, 0.15, 0.1)),
    "five seeds in pairs, far apart": ("paired", simulate(40, 5, 5, 0.6, 0.2)),
    "three seeds against two others": ("independent", simulate(80, 3, 2, 0.2, 0.1)),
}
report = {
    "cases": {
        name: {
            "seeds": seeds,
            **{key: values.tolist() for key, values in data.items()},
            **summary(data, seeds),
        }
        for name, (seeds, data) in cases.items()
    },
    "spreads": [spread(draw.normal(0.4, 0.05, count).tolist()) for count in (2, 3, 5, 7)],
}
pathlib.Path(sys.argv[1]).write_text(json.dumps(report))
