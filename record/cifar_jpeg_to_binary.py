"""Turns a zip of CIFAR-10 as JPEG files (train/<class>/NNNN.jpg, test/<class>/NNNN.jpg) into the binary format that
`deepal --dataset cifar10` reads. The images went through JPEG, so accuracies are not those of the published set.

    python3 cifar_jpeg_to_binary.py cifar10-jpg.zip DATA     # writes DATA/cifar10/data_batch_1.bin ... test_batch.bin
"""

import io
import pathlib
import random
import sys
import zipfile

import numpy as np
from PIL import Image

CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()


def rows(archive, split):
    """All images of a split as rows of label, red, green, blue; in an order shuffled with a fixed seed."""
    names = sorted(name for name in archive.namelist() if f"{split}/" in name and name.endswith(".jpg"))
    random.Random(0).shuffle(names)
    for name in names:
        image = np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB"))
        label = CLASSES.index(name.split("/")[-2])
        yield np.concatenate([[label], image.transpose(2, 0, 1).reshape(-1)]).astype(np.uint8)


def main(source, target):
    folder = pathlib.Path(target) / "cifar10"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(source) as archive:
        train, test = np.stack(list(rows(archive, "train"))), np.stack(list(rows(archive, "test")))
    for i, batch in enumerate(np.split(train, 5), 1):
        batch.tofile(folder / f"data_batch_{i}.bin")
    test.tofile(folder / "test_batch.bin")
    print(train.shape, test.shape)


if __name__ == "__main__":
    main(*sys.argv[1:])
