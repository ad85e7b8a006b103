"""Three scales of each feature set: python variants.py IN OUT

IN: the .npz files of data.py (record/2026-11-23-auto), centred, mean squared norm 1. OUT: NAME-plain, NAME-standard (each column to
deviation 1) and NAME-even (one factor for all columns: mean squared norm d), fitted to the pool.
"""
import sys
from pathlib import Path

import numpy as np

source, out = map(Path, sys.argv[1:3])
for path in sorted(source.glob("*.npz")):
    arrays = dict(np.load(path))
    pool, test = arrays["x_train"], arrays["x_test"]
    deviation = pool.std(0)
    deviation[deviation < 1e-6] = 1
    even = np.sqrt(pool.var(0).mean())
    for name, scale in (("plain", 1), ("standard", deviation), ("even", even)):
        file = f"{path.stem}-{name}.npz"
        both = {"x_train": (pool - pool.mean(0)) / scale, "x_test": (test - pool.mean(0)) / scale}
        np.savez(out / file, **arrays | {key: x.astype(np.float32) for key, x in both.items()})
        (out / f"{file}.data.toml").write_text(f'source = "{file}"\nscale = "none"\n')
