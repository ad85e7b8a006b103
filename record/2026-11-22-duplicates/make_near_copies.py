"""Writes 2,000 pictures of a zip into a folder, the first 500 also re-encoded, with noise, resized and flipped.

python make_near_copies.py PICTURES.zip FOLDER
"""

import io
import random
import sys
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

archive, folder = zipfile.ZipFile(sys.argv[1]), Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
names = sorted(name for name in archive.namelist() if name.lower().endswith((".jpg", ".jpeg", ".png")))
random.seed(0)
random.shuffle(names)
noise = np.random.default_rng(0)
for i, name in enumerate(names[:2000]):
    picture = Image.open(io.BytesIO(archive.read(name))).convert("RGB")
    picture.save(folder / f"{i:04}-0.png")
    if i >= 500:
        continue
    packed = io.BytesIO()
    picture.save(packed, "JPEG", quality=75)
    Image.open(packed).save(folder / f"{i:04}-jpeg.png")
    pixels = np.asarray(picture, float)
    pixels = np.clip(pixels + noise.normal(scale=5, size=pixels.shape), 0, 255)
    Image.fromarray(pixels.astype("u1")).save(folder / f"{i:04}-noise.png")
    width, height = picture.size
    small = picture.resize((width * 3 // 4, height * 3 // 4), Image.LANCZOS)
    small.resize((width, height), Image.LANCZOS).save(folder / f"{i:04}-resize.png")
    picture.transpose(Image.FLIP_LEFT_RIGHT).save(folder / f"{i:04}-flip.png")
