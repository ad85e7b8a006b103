"""Frames by Arrow's C stream, tensors by DLPack, and what neither copies."""

from __future__ import annotations

import gc
import subprocess
import sys

import numpy as np
import pytest

import deepal
from deepal._arrays import as_array

pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")
pyarrow = pytest.importorskip("pyarrow")

ROWS = np.random.default_rng(5).normal(size=(60, 4)).astype(np.float32)


class Stream:
    """Anything that gives the stream, and nothing else but its shape."""

    def __init__(self, table):
        self.table, self.shape = table, table.shape

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


def listed(rows: np.ndarray) -> pyarrow.Table:
    return pyarrow.table({"embedding": pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(rows.reshape(-1)), rows.shape[1])})


FRAMES = {
    "Polars, arrays": lambda: polars.DataFrame({"embedding": ROWS}),
    "Polars, lists": lambda: polars.DataFrame({"embedding": ROWS}).with_columns(polars.col("embedding").arr.to_list()),
    "Polars, a series": lambda: polars.Series(ROWS),
    "Polars, columns": lambda: polars.DataFrame(ROWS, schema=list("abcd")),
    "pandas, lists": lambda: pandas.DataFrame({"embedding": list(ROWS)}),
    "pandas, a series": lambda: pandas.Series(list(ROWS)),
    "pandas, columns": lambda: pandas.DataFrame(ROWS, columns=list("abcd")),
    "PyArrow": lambda: listed(ROWS),
    "PyArrow, a column in two pieces": lambda: pyarrow.concat_tables([listed(ROWS[:17]), listed(ROWS[17:])])["embedding"],
    "PyArrow, a slice": lambda: listed(np.vstack([ROWS[:5], ROWS])).slice(5),
    "a stream, lists": lambda: Stream(listed(ROWS)),
    "a stream, columns": lambda: Stream(pyarrow.table({name: ROWS[:, at] for at, name in enumerate("abcd")})),
}


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.filterwarnings("ignore::deepal.CopyWarning")
def test_frames_are_arrays(name):
    frame = FRAMES[name]()
    np.testing.assert_array_equal(as_array("embeddings", frame), ROWS)
    assert deepal.select(9, embeddings=frame) == deepal.select(9, embeddings=ROWS)


def test_labels_are_a_series():
    labels = np.arange(60) % 3
    more = {"strategy": "k-center", "embeddings": ROWS, "labeled_embeddings": ROWS}
    expected = deepal.select(5, labels=labels, **more)
    for series in (pandas.Series(labels), polars.Series(labels), pyarrow.chunked_array([labels])):
        assert deepal.select(5, labels=series, **more) == expected


@pytest.mark.parametrize("name", ["Polars, arrays", "Polars, a series", "PyArrow", "PyArrow, a slice", "a stream, lists"])
def test_rows_of_a_column_of_lists_are_not_copied(name):
    frame = FRAMES[name]()
    first, second = as_array("embeddings", frame), as_array("embeddings", frame)
    assert np.shares_memory(first, second) and first.flags.c_contiguous and first.dtype == np.float32
    # `CopyWarning` is an error in these tests.
    deepal.select(3, embeddings=frame)


class Tensor:
    """A tensor that speaks DLPack alone."""

    def __init__(self, array, device=(1, 0)):
        self.array, self.device_of = array, device

    def __dlpack__(self, **arguments):
        return self.array.__dlpack__(**arguments)

    def __dlpack_device__(self):
        return self.device_of


def test_tensors_are_not_copied():
    assert np.shares_memory(as_array("embeddings", Tensor(ROWS)), ROWS)
    assert deepal.select(3, embeddings=Tensor(ROWS)) == deepal.select(3, embeddings=ROWS)
    with pytest.raises(TypeError, match="`embeddings` is not in the memory of the processor"):
        deepal.select(3, embeddings=Tensor(ROWS, device=(2, 0)))


GROWTH = """
import resource, sys, numpy as np
sys.path[:0] = {path!r}
import deepal
make = {make}
rows = make(np.random.default_rng(0).random(({n}, 64), dtype=np.float32))
small = make(np.zeros((10, 64), dtype=np.float32))
for _ in range(2):  # what libraries take once
    deepal.select(1, strategy="random", embeddings=small)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
deepal.select(1, strategy="random", embeddings=rows)
print(1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / ({n} * 64 * 4))
"""
MAKE = {
    "NumPy": "lambda rows: rows",
    "DLPack": "lambda rows: type('T', (), {'__dlpack__': lambda s, **a: rows.__dlpack__(**a), '__dlpack_device__': lambda s: (1, 0)})()",
    "Polars": "lambda rows: __import__('polars').DataFrame({'e': rows})",
    "PyArrow": "lambda rows: (lambda pa: pa.table({'e': pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), 64)}))"
    "(__import__('pyarrow'))",
}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows counts memory otherwise")
@pytest.mark.parametrize("name", MAKE)
def test_a_million_rows_take_no_memory(name):
    code = GROWTH.format(path=[path for path in sys.path if path], make=MAKE[name], n=1_000_000)
    growth = float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
    print(f"{name}: {100 * growth:.2f} % of 1,000,000 x 64")
    assert growth < 0.02


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (lambda: pandas.DataFrame({"e": [[1.0, 2.0], [3.0]]}), "`embeddings` must have lists of one length, found 1 to 2"),
        (lambda: polars.DataFrame({"e": [[1.0, 2.0], None]}), "`embeddings` has rows or numbers that are missing"),
        (lambda: polars.DataFrame({"e": [[1.0, None], [2.0, 3.0]]}), "`embeddings` has rows or numbers that are missing"),
    ],
)
def test_lists_that_are_no_rows(frame, words):
    with pytest.raises(ValueError, match=words):
        deepal.select(1, embeddings=frame())


def test_labels_of_several_kinds_are_numpys():
    mixed = pandas.Series(["a", None, 1], dtype=object)
    assert as_array("y", mixed).tolist() == ["a", None, 1]


def test_duckdb_gives_a_stream_too():
    duckdb = pytest.importorskip("duckdb")
    relation = duckdb.sql("SELECT 'a' AS id, 1.0::FLOAT AS x UNION ALL SELECT 'b', 2.5::FLOAT ORDER BY id")
    assert deepal.open(relation).ids.tolist() == ["a", "b"]
    np.testing.assert_array_equal(as_array("embeddings", duckdb.sql("SELECT 1.0::FLOAT AS x, 2.0::FLOAT AS y")), [[1, 2]])


def test_texts_are_no_features():
    with pytest.raises(TypeError, match="`embeddings` must be numbers"):
        deepal.select(1, embeddings=polars.DataFrame({"e": ["a", "b"]}))


COLUMNS = {"id": ["a", "b", "c", "d"], "x": [1.0, 2.0, 3.0, 4.5], "kind": ["u", "v", "u", "u"], "label": ["left", "right", None, "left"]}


@pytest.mark.parametrize("library", ["pandas", "Polars", "PyArrow", "a stream"])
def test_frames_are_read_like_tables_on_disk(library, tmp_path):
    file = tmp_path / "data.csv"
    polars.DataFrame(COLUMNS).write_csv(file)
    expected = deepal.open(file)
    frame = {
        "pandas": lambda: pandas.DataFrame(COLUMNS, index=[7, 8, 9, 1]),
        "Polars": lambda: polars.DataFrame(COLUMNS),
        "PyArrow": lambda: pyarrow.table(COLUMNS),
        "a stream": lambda: Stream(pyarrow.table(COLUMNS)),
    }[library]()
    found = deepal.open(frame)
    assert found.ids.tolist() == list("abcd") and found.classes == ["left", "right"]
    assert found.labels.tolist() == expected.labels.tolist() == [0, 1, -1, 0]
    np.testing.assert_array_equal(found.inputs(), expected.inputs())


def test_arrays_are_opened_too():
    found = deepal.open(ROWS)
    assert found.shape == (4,) and len(found) == 60
    np.testing.assert_array_equal(deepal.open(listed(ROWS)).inputs(), found.inputs())
    with pytest.raises(TypeError, match="`source` must be a path, a frame, or numbers .* found int64 \\[3\\]"):
        deepal.open([1, 2, 3])


def test_what_was_written_is_gone_with_the_source(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    source = deepal.open(ROWS)
    assert [path.name for path in tmp_path.glob("*/*")] == ["data.npy"]
    del source
    gc.collect()
    with pytest.raises(TypeError):
        deepal.open(["no numbers"])
    assert not list(tmp_path.iterdir())


def test_without_pyarrow_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr("deepal._tables._pyarrow", lambda: None)
    assert deepal.select(9, embeddings=polars.Series(ROWS)) == deepal.select(9, embeddings=ROWS)
    assert len(deepal.open(polars.DataFrame(COLUMNS))) == 4
    with pytest.raises(TypeError, match="`source` is a table, which PyArrow reads; install `pyarrow`"):
        deepal.open(pandas.DataFrame(COLUMNS))
    with pytest.raises(TypeError, match="`embeddings` is a table, which PyArrow reads"):
        deepal.select(1, embeddings=Stream(listed(ROWS)))
