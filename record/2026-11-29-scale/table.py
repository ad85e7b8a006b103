"""How much a scale changes accuracies: python table.py RUN LABELS…

Means over seeds in percent; differences to the features as they are, paired by seed, with the 95 % interval of Student's t for five seeds.
"""

import csv
import statistics
import sys
from collections import defaultdict

T = 2.776
found = defaultdict(lambda: defaultdict(dict))
for row in csv.DictReader(open(f"{sys.argv[1]}/results.csv")):
    name, scale = row["dataset"].rsplit("-", 1)
    found[name, row["strategy"], int(row["labels"])][scale][row["seed"]] = 100 * float(row["accuracy"])

wanted = {int(labels) for labels in sys.argv[2:]}
print("| set | strategy | labels | as they are | each by its deviation | all by one number |")
print("| --- | --- | --- | --- | --- | --- |")
for key, scales in sorted(found.items()):
    if key[2] not in wanted:
        continue
    cells = [f"{statistics.mean(scales['plain'].values()):.1f}"]
    for scale in ("standard", "even"):
        differences = [accuracy - scales["plain"][seed] for seed, accuracy in scales[scale].items()]
        half = T * statistics.stdev(differences) / len(differences) ** 0.5
        cells.append(f"{statistics.mean(scales[scale].values()):.1f} ({statistics.mean(differences):+.1f} ± {half:.1f})")
    print("| " + " | ".join([key[0], f"`{key[1]}`", str(key[2]), *cells]) + " |")
