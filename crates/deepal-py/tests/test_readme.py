"""The Python code of the documentation runs, page by page."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PACKAGE = Path(__file__).resolve().parents[1]
PAGES = [PACKAGE / "README.md", PACKAGE.parents[1] / "README.md", PACKAGE.parents[1] / "docs" / "python.md"]


def png(path: Path, shade: int) -> None:
    """Write a grey picture of 4 × 4."""
    rows = b"".join(b"\0" + bytes((shade + 7 * x + 3 * y) % 256 for x in range(4)) for y in range(4))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    body = b"".join(struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def names(classifier: Any) -> dict[str, Any]:
    """What a reader has: arrays, a fitted classifier, and a person who answers."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 160)
    X = (rng.normal(size=(160, 4)) + 4 * np.eye(3, 4)[y]).astype(np.float32)
    classifier.fit(X[:100], y[:100])
    partly = y[:100].astype(float)
    partly[20:] = np.nan
    return {
        "X": X[:100],
        "y": y[:100],
        "X_test": X[100:],
        "y_test": y[100:],
        "classifier": classifier,
        "y_partly": partly,
        "pool": X[20:100],
        "probs": classifier.predict_proba(X[20:100]).astype(np.float32),
        "known": X[:20],
        "labels": y[:20],
        "ask": lambda name: ["cat", "dog"][int(name.split(".")[0]) % 2],
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks run one after the other, in a folder with pictures and a table."""
    linear = pytest.importorskip("sklearn.linear_model")
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    for folder, count in (("photos", 40), ("more-photos", 4)):
        (tmp_path / folder).mkdir()
        for i in range(count):
            png(tmp_path / folder / f"{i}.png", 150 * (i % 2) + i)
    rows = [f"{i % 7},{i % 5 + 9 * (i % 2)},{['cat', 'dog'][i % 2]}\n" for i in range(120)]
    (tmp_path / "table.csv").write_text("a,b,label\n" + "".join(rows), encoding="utf-8")
    blocks = page.read_text(encoding="utf-8").split("```python\n")[1:]
    assert blocks
    scope = names(linear.LogisticRegression())
    for number, block in enumerate(blocks):
        exec(compile(block.split("```")[0], f"{page.name}, block {number + 1}", "exec"), scope)
    if (tmp_path / "report.html").exists():
        assert "<svg" in (tmp_path / "report.html").read_text(encoding="utf-8")
