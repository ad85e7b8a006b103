"""Makes the feature sets of this record: python data.py DATA CIFAR OUT

DATA: folder with mnist/, fashion-mnist/ and digits/ in IDX files. CIFAR: folder with cifar.npy, embeddings of the pictures in the
order of cifar.txt, one path PART/CLASS/NAME a line. OUT: one .npz a set.

Every set has a pool of up to 4,000 and a test set; pixels are reduced to 64 principal components of the pool, embeddings brought to
length 1 and reduced to 128; all are centred, and scaled by one number so that the mean squared norm is 1. No label is looked at.
"""

import gzip
import sys
from pathlib import Path

import numpy as np

data, cifar, out = map(Path, sys.argv[1:4])
random = np.random.default_rng(20261122)


def idx(path):
    raw = gzip.open(path).read()
    dims = raw[3]
    shape = np.frombuffer(raw, ">i4", dims, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dims).reshape(shape)


def pixels(name, part):
    images, labels = (idx(data / name / f"{part}-{what}-ubyte.gz") for what in ("images-idx3", "labels-idx1"))
    return images.reshape(len(images), -1) / 255.0, labels.astype(np.int64)


def reduced(pool, test, components):
    mean = pool.mean(0)
    pool, test = pool - mean, test - mean
    if components < pool.shape[1]:
        axes = np.linalg.eigh(pool.T @ pool)[1][:, ::-1][:, :components]
        pool, test = pool @ axes, test @ axes
    scale = np.sqrt((pool**2).sum(1).mean())
    return pool / scale, test / scale


def save(name, pool, labels, test, test_labels, components):
    pool, test = reduced(pool, test, components)
    np.savez(
        out / f"{name}.npz",
        x_train=pool.astype(np.float32), y_train=labels, x_test=test.astype(np.float32), y_test=test_labels,
    )
    print(name, pool.shape, test.shape, np.bincount(labels))


for name in ("mnist", "fashion-mnist"):
    (x, y), (x_test, y_test) = pixels(name, "train"), pixels(name, "t10k")
    rows = random.permutation(len(x))
    save(name, x[rows[:4000]], y[rows[:4000]], x_test, y_test, 64)
    if name == "fashion-mnist":
        # Class 9 has a fiftieth of class 0.
        wanted = 900 * 50 ** (-np.arange(10) / 9)
        tail = np.concatenate([rows[y[rows] == c][: int(n)] for c, n in enumerate(wanted)])
        tail = random.permutation(tail)
        save("long-tail", x[tail], y[tail], x_test, y_test, 64)
    else:
        # 75 % samples, 20 % near copies of them, 5 % outliers; 5 % of all labels are wrong.
        clean, copied = rows[4000:7000], random.choice(rows[4000:7000], 800)
        copies = np.clip(x[copied] + random.normal(0, 0.03, (800, x.shape[1])), 0, 1)
        noise = random.uniform(0, 1, (200, x.shape[1]))
        pool = np.concatenate([x[clean], copies, noise])
        labels = np.concatenate([y[clean], y[copied], random.integers(0, 10, 200)])
        wrong = random.random(len(labels)) < 0.05
        labels[wrong] = random.integers(0, 10, wrong.sum())
        order = random.permutation(len(pool))
        save("dirty", pool[order], labels[order], x_test, y_test, 64)

images, labels = idx(data / "digits/images-idx3-ubyte.gz"), idx(data / "digits/labels-idx1-ubyte.gz").astype(np.int64)
rows, x = random.permutation(len(images)), images.reshape(len(images), -1) / 16.0
save("digits", x[rows[:1200]], labels[rows[:1200]], x[rows[1200:]], labels[rows[1200:]], 64)

paths = [line.split("/") for line in (cifar / "cifar.txt").read_text().split()]
x = np.load(cifar / "cifar.npy").astype(np.float64)
x /= np.linalg.norm(x, axis=1, keepdims=True)
names = sorted({path[1] for path in paths})
y = np.array([names.index(path[1]) for path in paths])
is_test = np.array([path[0] == "test" for path in paths])
save("cifar10", x[~is_test], y[~is_test], x[is_test], y[is_test], 128)
