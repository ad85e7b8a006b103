"""RepeatedMNIST (Kirsch, van Amersfoort and Gal, BatchBALD, NeurIPS 2019): each image four times with Gaussian noise of
standard deviation 0.1 on inputs that are scaled by mean 0.1307 and standard deviation 0.3081. Here of the first 10,000
training images, in shuffled order; the test set has no copies.

    python make_repeated_mnist.py FOLDER_WITH_IDX_FILES [repeated-mnist.npz]
"""

import gzip
import pathlib
import sys

import numpy as np


def idx(folder, name):
    path = pathlib.Path(folder) / name
    data = path.read_bytes() if path.exists() else gzip.decompress(path.with_name(name + ".gz").read_bytes())
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(data[3])]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def scaled(images):
    return ((images.reshape(len(images), -1) / np.float32(255) - np.float32(0.1307)) / np.float32(0.3081)).astype(np.float32)


folder = sys.argv[1]
target = sys.argv[2] if len(sys.argv) > 2 else "repeated-mnist.npz"
random = np.random.default_rng(1)
images, labels = idx(folder, "train-images-idx3-ubyte")[:10_000], idx(folder, "train-labels-idx1-ubyte")[:10_000]
rows = random.permutation(np.arange(40_000))
x_train = scaled(images)[rows // 4]
x_train += 0.1 * random.standard_normal(x_train.shape, dtype=np.float32)
np.savez(
    target,
    x_train=x_train,
    y_train=labels[rows // 4],
    # Of the training rows, then of the test rows.
    ids=np.array([f"{row // 4}-{row % 4}" for row in rows] + [f"test-{row}" for row in range(10_000)]),
    x_test=scaled(idx(folder, "t10k-images-idx3-ubyte")),
    y_test=idx(folder, "t10k-labels-idx1-ubyte"),
)
