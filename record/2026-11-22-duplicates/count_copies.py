"""How many labels of each strategy went to a copy of something that had one: ids `123-0` … `123-3` are copies.

    python count_copies.py RUN_FOLDER
"""

import collections
import csv
import json
import pathlib
import sys

run = pathlib.Path(sys.argv[1])
ids = {}
with (run / "samples.csv").open(newline="") as table:
    for row in csv.DictReader(table):
        ids[row["dataset"], int(row["sample"])] = row["id"].rsplit("-", 1)[0]
known = {dataset for dataset, _ in ids}
labeled = collections.defaultdict(set)
counts = collections.defaultdict(lambda: [0, 0])
for line in (run / "events.jsonl").read_text().splitlines():
    event = json.loads(line)
    if event.get("event") != "round":
        continue
    dataset = event.get("dataset") or next(iter(known))
    job = (dataset, event.get("net"), event["strategy"], event["seed"])
    for pick in event["picks"]:
        sample = ids[dataset, pick]
        counts[event["strategy"]][0] += sample in labeled[job]
        counts[event["strategy"]][1] += 1
        labeled[job].add(sample)
print("strategy,copies,labels,share")
for strategy, (copies, labels) in sorted(counts.items()):
    print(f"{strategy},{copies},{labels},{copies / labels:.4f}")
