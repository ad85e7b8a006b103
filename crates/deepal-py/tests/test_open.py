"""Data as the program reads them."""

from __future__ import annotations

import numpy as np
import pytest

import deepal


def test_a_table(tmp_path):
    table = tmp_path / "points.csv"
    table.write_text("id,x,y,label\na,1,2,left\nb,3,4,right\nc,5,6,\nd,7,8,left\n")
    points = deepal.open(table)
    assert points.ids.tolist() == list("abcd") and points.classes == ["left", "right"]
    assert points.labels.tolist() == [0, 1, -1, 0] and points.shape == (2,) and len(points) == 4
    everything = points.inputs()
    assert everything.dtype == np.float32 and everything.shape == (4, 2)
    np.testing.assert_array_equal(points.inputs([3, 1]), everything[[3, 1]])
    assert "4 samples" in repr(points) and points.is_test.dtype == bool


def test_a_folder_of_pictures(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for k in range(3):
            image.new("L", (8, 6), 80 * k).save(tmp_path / name / f"{k}.png")
    pictures = deepal.open(tmp_path)
    assert pictures.classes == ["cat", "dog"] and sorted(pictures.labels) == [0, 0, 0, 1, 1, 1]
    assert pictures.inputs().shape == (6, *pictures.shape) and len(pictures.shape) == 3


def test_what_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing"):
        deepal.open(tmp_path / "nothing.csv")
    (tmp_path / "broken.parquet").write_bytes(b"no table")
    with pytest.raises(ValueError, match="broken"):
        deepal.open(tmp_path / "broken.parquet")
    (tmp_path / "points.csv").write_text("id,x\na,1\nb,2\n")
    with pytest.raises(ValueError, match="`rows` must be from 0 to 1, found 2"):
        deepal.open(tmp_path / "points.csv").inputs([2])
