"""The files of this folder: arrays, cases with their picks, and draws with their probabilities."""

import csv
from pathlib import Path

import numpy as np
from scipy.stats import chi2

HERE = Path(__file__).parent
EXPECTED = HERE / "expected"
# Scores nearer than TIE are equal but for rounding; what lies between it and CLEAR would be a matter of luck.
TIE, CLEAR = 1e-14, 1e-13


def ranked(scores):
    """Rows by falling score, lower rows first among equals."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    gaps = -np.diff(np.asarray(scores)[order])
    assert not np.any((gaps > TIE) & (gaps < CLEAR)), "a gap that rounding could close"
    group = np.concatenate([[0], np.cumsum(gaps > TIE)])
    groups = {row: group[place] for place, row in enumerate(order)}
    return sorted(order, key=lambda i: (groups[i], i))


def write_csv(path, header, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


class Cases:
    def __init__(self):
        self.table, self.draws = [], []

    def add(self, name, strategy, budget, arrays, rows, scores=None, in_order=True):
        """`arrays`: the options and their files; several files of one option are several cases with the same picks."""
        count = max(len(files) for files in arrays.values())
        for i in range(count):
            given = options({option: files[i % len(files)] for option, files in arrays.items()})
            self.table.append([name, strategy, budget, "order" if in_order else "set", given])
        rows = [int(row) for row in rows]
        lines = [
            [rank if in_order else "", row, "" if scores is None else f"{scores[row]:.12g}"]
            for rank, row in enumerate(rows if in_order else sorted(rows), 1)
        ]
        write_csv(EXPECTED / f"{name}.csv", ["rank", "row", "score"], lines)

    def draw(self, strategy, budget, arrays, places):
        """For each place, from 0, in the order of picks: with which probability each row is there, `[n]`."""
        given = options({option: files[0] for option, files in arrays.items()})
        for place, probabilities in enumerate(places):
            probabilities = np.asarray(probabilities)
            assert abs(probabilities.sum() - 1) < 1e-12
            possible = np.flatnonzero(probabilities > 0)
            assert probabilities[possible].min() > 0.005, "too rare to be tested"
            # One correct test in 10,000 fails; the seeds are the same each time.
            limit = chi2.ppf(0.9999, len(possible) - 1) if len(possible) > 1 else 0
            for row in possible:
                line = [strategy, budget, given, place, row, f"{probabilities[row]:.12g}", f"{limit:.6g}"]
                self.draws.append(line)

    def write(self):
        write_csv(HERE / "cases.csv", ["case", "strategy", "budget", "compare", "options"], self.table)
        header = ["strategy", "budget", "options", "place", "row", "probability", "limit"]
        write_csv(HERE / "draws.csv", header, self.draws)


def options(files):
    return " ".join(f"--{option} {file}" for option, file in files.items())


def save(name, array, types):
    """The same values in several layouts; returns the files' names. `f4`/`f8`, `>`: big-endian, `F`: by columns."""
    files = []
    for kind in types:
        order = "F" if kind.endswith("F") else "C"
        file = f"{name}-{kind.replace('>', 'big-')}.npy"
        stored = np.array(array, dtype=kind.removesuffix("F"), order=order)
        assert np.array_equal(stored, array), "a layout must not change the values"
        np.save(HERE / file, stored)
        files.append(file)
    return files


def softmax32(logits):
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (e / e.sum(axis=-1, keepdims=True)).astype(np.float32).astype(np.float64)


def single(array):
    """Values that both widths can hold."""
    return np.asarray(array).astype(np.float32).astype(np.float64)
