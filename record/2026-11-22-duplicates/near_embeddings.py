"""How far copies are in embeddings, as a share of the typical distance, against the nearest other picture.

python near_embeddings.py E.npy E.ids.csv
"""

import csv
import sys

import numpy as np

embeddings = np.load(sys.argv[1]).astype("f8")
with open(sys.argv[2], encoding="utf-8") as file:
    ids = [row["id"].removesuffix(".png").split("-") for row in csv.DictReader(file)]
picture, kind = np.array([int(number) for number, _ in ids]), np.array([kind for _, kind in ids])
a, b = np.random.default_rng(0).integers(0, len(embeddings), (2, 20_000))
typical = np.median(np.linalg.norm((embeddings[a] - embeddings[b])[a != b], axis=1))
shares = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5]
print("share", shares)
originals = embeddings[kind == "0"]
square = (originals**2).sum(1)
distance = np.sqrt(np.maximum(square[:, None] + square - 2 * originals @ originals.T, 0)) / typical
np.fill_diagonal(distance, np.inf)
print("with another original within", [int((distance.min(1) <= share).sum()) for share in shares], "of", len(originals))
of = {number: row for row, number in enumerate(picture) if kind[row] == "0"}
for name in ["jpeg", "noise", "resize", "flip"]:
    rows = np.flatnonzero(kind == name)
    to = np.array([np.linalg.norm(embeddings[row] - embeddings[of[picture[row]]]) for row in rows]) / typical
    print(name, f"median {np.median(to):.2f}", [f"{(to <= share).mean():.1%}" for share in shares])
