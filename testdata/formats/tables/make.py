"""Makes the tables of this folder, and prints the TF-IDF weights that are typed into tests/tables.rs.

It was run with pyarrow 26.0.1 and numpy 2.4.6; running it again gives the same tables.

    pip install pyarrow numpy
    python make.py
"""

import json
import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
TEXTS = ["The cat sat, the CAT ran", "a dog_1 ran far", "cat and dog_1", "a cat here", ""]


def tfidf(texts, most):
    """By the formula, word by word."""
    words = [re.findall(r"\w\w+", text.lower()) for text in texts]
    df = {word: sum(word in text for text in words) for text in words for word in text}
    shared = sorted((word for word in df if df[word] > 1), key=lambda word: (-df[word], word))[:most]
    vocabulary = sorted(shared)
    idf = np.array([np.log((1 + len(texts)) / (1 + df[word])) + 1 for word in vocabulary])
    weights = np.array([[text.count(word) for word in vocabulary] for text in words]) * idf
    lengths = np.linalg.norm(weights, axis=1, keepdims=True)
    return vocabulary, np.divide(weights, lengths, out=np.zeros_like(weights), where=lengths > 0)


def main():
    kinds = pa.table(
        {
            "id": pa.array([2**63 + 1, 2**63 + 2, 2**53, 2**53 + 1, 5], pa.uint64()),
            "signed": pa.array([-(2**53) - 1, -(2**53), None, 0, 1], pa.int64()),
            "single": pa.array([0.1, None, 2.5, -1.0, 3.0], pa.float32()),
            "half": pa.array(np.array([0.5, -1.25, 2.0, 65504.0, 6e-8], np.float16)),
            "double": pa.array([0.1, 1.0, None, 2.0, 3.0], pa.float64()),
            "flag": pa.array([True, False, None, True, False]),
            "text": pa.array(["é", None, "", "b", "c"]),
            "list": pa.array([[1.0, 2.0], [3.0, None], [5.0, 6.0], [7.0, 8.0], [9.0, 10.0]], pa.list_(pa.float32())),
            "halves": pa.array([[0.5, 1.0]] * 5, pa.list_(pa.float16())),
            "whole": pa.array([[1, 2]] * 5, pa.list_(pa.uint8())),
            "price": pa.array([Decimal("1.50")] * 5, pa.decimal128(10, 2)),
            "nested": pa.array([{"a": 1, "b": 2}] * 5),
            "bytes": pa.array([b"\xff"] * 5, pa.binary()),
        }
    )
    for codec in ["none", "snappy", "zstd", "gzip"]:
        pq.write_table(kinds, HERE / f"kinds_{codec}.parquet", compression=codec, row_group_size=2)
    null = pa.array([[1.0], None, [2.0]], pa.list_(pa.float32()))
    pq.write_table(pa.table({"x": null}), HERE / "null_list.parquet")
    ragged = pa.array([[1.0], [2.0], [3.0, 4.0]], pa.list_(pa.float32()))
    pq.write_table(pa.table({"x": ragged}), HERE / "ragged_list.parquet")
    latin = pa.array(["a", "b"]).cast(pa.binary())
    latin = pa.Array.from_buffers(pa.string(), 2, [None, latin.buffers()[1], pa.py_buffer(b"a\xff")])
    pq.write_table(pa.table({"x": latin}), HERE / "latin.parquet")
    lists = pa.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], pa.list_(pa.float32()))
    embeddings = pa.table({"id": ["a", "b", "c"], "x": lists})
    pq.write_table(embeddings, HERE / "embeddings.parquet", row_group_size=2)
    # Larger than it looks: 100,000 lists of 64, all of a row equal.
    rows = np.repeat((np.arange(100_000) * 7 % 101).astype("f4"), 64)
    lists = pa.ListArray.from_arrays(pa.array(np.arange(0, 6_400_001, 64, dtype="i4")), pa.array(rows))
    pq.write_table(pa.table({"emb": lists}), HERE / "long.parquet", compression="zstd", compression_level=19)
    lines = [json.dumps({"id": at, "text": text}) for at, text in enumerate(TEXTS)]
    (HERE / "texts.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for most in [2000, 2]:
        vocabulary, weights = tfidf(TEXTS, most)
        print(vocabulary, [[round(float(x), 7) for x in row] for row in weights])
    x = np.array([1.0, 2.0, 3.0, 4.0, 10.0])  # 3 is the median of 1, 2, 4, 10
    print([round(float(v), 7) for v in (x - x.mean()) / x.std()])


if __name__ == "__main__":
    main()
