"""Compares the accuracies of two results tables strategy by strategy, as Markdown.

python3 record/compare_reference.py OURS/results.csv reference_mnist.csv    (needs SciPy)

Differences are ours minus the reference's, with Welch's 95 % interval; round 0 is the same for all strategies of a seed.
"""

import csv
import sys
from collections import defaultdict
from statistics import mean, stdev

from scipy.stats import ttest_ind


def rounds(path):
    """Accuracies in % by strategy and round; the first round under the name `initial labels`, once a seed."""
    table = defaultdict(dict)
    with open(path) as file:
        for row in csv.DictReader(file):
            name = "(initial labels)" if row["round"] == "0" else row["strategy"]
            table[name][int(row["seed"])] = 100 * float(row["accuracy"])
    return {name: list(seeds.values()) for name, seeds in table.items()}


def cell(values):
    return f"{mean(values):.2f} ± {stdev(values):.2f} ({len(values)})" if values else "-"


ours, reference = rounds(sys.argv[1]), rounds(sys.argv[2])
print("| strategy | deepal | reference | difference | 95 % interval | p |")
print("| --- | --- | --- | --- | --- | --- |")
for name, values in ours.items():
    other = reference.get(name, [])
    line = f"| {name} | {cell(values)} | {cell(other)} |"
    if other:
        test = ttest_ind(values, other, equal_var=False)
        low, high = test.confidence_interval()
        line += f" {mean(values) - mean(other):+.2f} | {low:+.2f} to {high:+.2f} | {test.pvalue:.2f} |"
    else:
        line += " - | - | - |"
    print(line)
