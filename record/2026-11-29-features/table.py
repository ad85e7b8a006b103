"""The table of a run's summary: python table.py SUMMARY.csv"""

import csv
import sys

rows = list(csv.DictReader(open(sys.argv[1])))
rows.sort(key=lambda row: -float(row["area"]))


def points(row, name, sign=""):
    return f"{100 * float(row[name]):{sign}.2f}" if row[name] else ""


print("| strategy | area, % | against random, points | p (Holm) | fewer labels | accuracy at the end, % |")
print("| --- | --- | --- | --- | --- | --- |")
for row in rows:
    difference = points(row, "area_difference", "+")
    if difference:
        difference += f" ({points(row, 'area_difference_low', '+')} to {points(row, 'area_difference_high', '+')})"
    p = f"{float(row['p_holm']):.3f}" if row["p_holm"] else ""
    p = "below 0.001" if p == "0.000" else p
    ratio = f"{float(row['ratio']):.1f}" if row["ratio"] and float(row["ratio"]) else ("" if not row["ratio"] else "not reached")
    print(f"| `{row['strategy']}` | {points(row, 'area')} | {difference} | {p} | {ratio} | {points(row, 'accuracy')} |")
