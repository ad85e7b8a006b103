"""Tables of a run folder: python summarise.py RUN [FIRST]

Ratio: how many times fewer labels than random, to random's mean accuracy at the end, on mean curves with straight lines between rounds;
"-" where it is not reached. Losses: rounds from FIRST labels on (default 20) where the mean of the paired differences to random is below
0 and its 95 % interval (Student's t over seeds, not corrected for the number of rounds) does not reach 0.
"""

import csv
import math
import sys
from collections import defaultdict

from scipy.stats import t

first = int(sys.argv[2]) if len(sys.argv) > 2 else 20
runs = defaultdict(lambda: defaultdict(dict))
for row in csv.DictReader(open(sys.argv[1] + "/results.csv")):
    key = int(row["labels"]), int(row["seed"])
    runs[row["dataset"]][row["strategy"]][key] = float(row["accuracy"])


def curve(accuracies):
    points = defaultdict(list)
    for (labels, _), accuracy in accuracies.items():
        points[labels].append(accuracy)
    return sorted((labels, sum(all) / len(all)) for labels, all in points.items())


def reach(curve, target):
    if curve[0][1] >= target:
        return curve[0][0]
    for (a, x), (b, y) in zip(curve, curve[1:]):
        if x < target <= y:
            return a + (target - x) / (y - x) * (b - a)
    return None


def losses(accuracies, random):
    count = 0
    for labels in sorted({labels for labels, _ in random if labels >= first}):
        differences = [accuracies[key] - random[key] for key in random if key[0] == labels]
        n, mean = len(differences), sum(differences) / len(differences)
        deviation = math.sqrt(sum((x - mean) ** 2 for x in differences) / (n - 1))
        count += mean + t.ppf(0.975, n - 1) * deviation / math.sqrt(n) < 0
    return count


datasets = sorted(runs)
strategies = sorted({name for found in runs.values() for name in found})
print("| strategy | " + " | ".join(datasets) + " | geometric mean | mean area against random | losses |")
print("| --- |" + " --- |" * (len(datasets) + 3))
rows = []
for name in strategies:
    ratios, lost, gains = [], 0, []
    for dataset in datasets:
        random, own = runs[dataset]["random"], runs[dataset][name]
        target = curve(random)[-1][1]
        labels = reach(curve(own), target)
        ratios.append(curve(random)[-1][0] / labels if labels else None)
        lost += losses(own, random) if name != "random" else 0
        area = lambda points: sum((math.log(b) - math.log(a)) * (x + y) / 2 for (a, x), (b, y) in zip(points, points[1:]))
        span = math.log(curve(random)[-1][0] / curve(random)[0][0])
        gains.append((area(curve(own)) - area(curve(random))) / span)
    mean = None if None in ratios else math.exp(sum(map(math.log, ratios)) / len(ratios))
    rows.append((sum(gains) / len(gains), name, ratios, mean, lost))
show = lambda ratio: "-" if ratio is None else f"{ratio:.2f}"
for gain, name, ratios, mean, lost in sorted(rows, reverse=True):
    cells = [f"`{name}`", *map(show, ratios), show(mean), f"{100 * gain:+.2f}", str(lost)]
    print("| " + " | ".join(cells) + " |")
