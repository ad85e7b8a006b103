"""Tables in memory, which come by Arrow's C stream, as arrays and as files."""

from __future__ import annotations

from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ArrowTable(Protocol):
    """What Arrow's C stream gives: a frame of pandas, Polars, PyArrow, DuckDB and others."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The stream."""
        ...


def is_table(value: Any) -> bool:
    """Whether it is a frame or column of pandas, Polars, PyArrow or another library that speaks Arrow."""
    return hasattr(value, "__arrow_c_stream__")


def rows(name: str, table: Any) -> NDArray[Any]:
    """Numbers of a frame or column: a column of lists is `[n, d]` and not copied, other columns stand side by side."""
    column = _column(table)
    if hasattr(getattr(column, "type", None), "value_field"):
        return _lists(name, column)
    if hasattr(table, "__array__"):
        return np.asarray(table)
    return np.asarray(_arrow(name).table(table))


def _column(table: Any) -> Any:
    """The only column of a table as PyArrow has it; None if there are others, or it cannot be had."""
    # A column of PyArrow has no shape.
    shape: tuple[int, ...] = getattr(table, "shape", (0,))
    pyarrow = _pyarrow()
    if pyarrow is None or shape[1:] not in ((), (1,)):
        return None
    try:
        return pyarrow.chunked_array(table) if len(shape) == 1 else pyarrow.table(table).column(0)
    except (TypeError, ValueError):
        # Objects of several kinds, which NumPy takes and the caller judges.
        return None


def _lists(name: str, column: Any) -> NDArray[Any]:
    """A column of lists, all of one length."""
    whole = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    values = whole.flatten()
    if whole.null_count or values.null_count:
        raise ValueError(f"`{name}` has rows or numbers that are missing; fill them first")
    width = getattr(column.type, "list_size", None)
    if width is None:
        lengths: NDArray[np.int64] = whole.value_lengths().to_numpy(zero_copy_only=False)
        width = int(lengths.max(initial=0))
        if lengths.min(initial=width) < width:
            raise ValueError(f"`{name}` must have lists of one length, found {lengths.min()} to {width}")
    return np.reshape(values.to_numpy(zero_copy_only=False), (len(whole), int(width)))


def is_path(source: Any) -> bool:
    """Whether it is a path, and no data."""
    return isinstance(source, (str, PathLike))


def path_of(name: str, source: Any, folder: Path) -> Path:
    """The path of a source; an array or table is written into the folder first."""
    if is_path(source):
        return Path(source)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ("data.parquet" if is_table(source) else "data.npy")
    if path.exists():
        raise FileExistsError(f"`{path}` is there already, and the data would be written to it; name another folder")
    if is_table(source):
        _write(name, source, path)
        return path
    from ._arrays import as_array, found

    array = as_array(name, source)
    if array.dtype.kind not in "fiub" or array.ndim < 2:
        raise TypeError(f"`{name}` must be a path, a frame, or numbers [n, d] or [n, channels, height, width], found {found(array)}")
    np.save(path, array)
    return path


def _write(name: str, table: Any, path: Path) -> None:
    """The table as Parquet, which keeps types and numbers as they are."""
    if hasattr(table, "write_parquet"):
        # Polars and DuckDB write it by themselves.
        table.write_parquet(str(path))
        return
    pyarrow = _arrow(name)
    columns = pyarrow.table(table)
    # pandas' numbers of rows are no feature.
    unnamed = [column for column in columns.column_names if column.startswith("__index_level_")]
    import_module("pyarrow.parquet").write_table(columns.drop_columns(unnamed), str(path))


def _pyarrow() -> Any:
    try:
        return import_module("pyarrow")
    except ImportError:
        return None


def _arrow(name: str) -> Any:
    """PyArrow, which reads Arrow's C stream."""
    pyarrow = _pyarrow()
    if pyarrow is None:
        raise TypeError(f"`{name}` is a table, which PyArrow reads; install `pyarrow`, or give an array or a file")
    return pyarrow
