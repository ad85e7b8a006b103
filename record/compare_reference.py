"""Compares the accuracies of two results tables strategy by strategy, as Markdown.

python3 record/compare_reference.py OURS/results.csv reference_mnist.csv    (needs SciPy)

Accuracies after round 1, and gains of round 1 over round 0 by seed. Differences are ours minus the reference's, with Welch's
95 % interval. Round 0 is the same for all strategies of a seed.
"""

import csv
import sys
from collections import defaultdict
from statistics import mean, stdev

from scipy.stats import ttest_ind


def rounds(path):
    """Accuracies in % by strategy, seed and round."""
    table = defaultdict(lambda: defaultdict(dict))
    with open(path) as file:
        for row in csv.DictReader(file):
            table[row["strategy"]][row["seed"]][row["round"]] = 100 * float(row["accuracy"])
    return table


def cell(values):
    return f"{mean(values):.2f} ± {stdev(values):.2f} ({len(values)})" if values else "-"


def compare(name, ours, reference):
    line = f"| {name} | {cell(ours)} | {cell(reference)} |"
    if not reference:
        return line + " - | - | - |"
    test = ttest_ind(ours, reference, equal_var=False)
    low, high = test.confidence_interval()
    return line + f" {mean(ours) - mean(reference):+.2f} | {low:+.2f} to {high:+.2f} | {test.pvalue:.2f} |"


def table(title, values):
    print(f"\n{title}\n\n| strategy | deepal | reference | difference | 95 % interval | p |\n| --- | --- | --- | --- | --- | --- |")
    if title.startswith("Accuracy"):
        first = [list({seed: r["0"] for seeds in t.values() for seed, r in seeds.items()}.values()) for t in (ours, reference)]
        print(compare("(initial labels)", *first))
    for name in ours:
        print(compare(name, *([values(r) for r in t.get(name, {}).values()] for t in (ours, reference))))


ours, reference = rounds(sys.argv[1]), rounds(sys.argv[2])
table("Accuracy in % after round 1:", lambda r: r["1"])
table("Gain of round 1 over round 0 in points:", lambda r: r["1"] - r["0"])
