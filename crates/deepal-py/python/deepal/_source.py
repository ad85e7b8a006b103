"""Data of one's own, as the program reads them."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import _deepal
from ._arrays import as_array, found, whole
from ._tables import is_path, path_of
from ._work import Hear

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ._tables import ArrowTable


class Source:
    """A folder, zip, table or file of arrays, as understood.

    Attributes
    ----------
    name : str
        What it is called in results.
    kind : str
        What it is, in words.
    ids : ndarray of str, shape (n,)
        The id of each sample, which stays the same when others come or go.
    classes : list of str
        The names of the classes.
    labels : ndarray of int64, shape (n,)
        The class of each sample by number, -1 where it is not known.
    is_test : ndarray of bool, shape (n,)
        Whether each sample belongs to the test set.
    shape : tuple of int
        Of one sample: (channels, height, width); of a vector (d,).
    notes : list of str
        What could not be used, and what was done with the rest.
    """

    def __init__(self, source: _deepal.Source, threads: int | None) -> None:
        self._source = source
        self._threads = threads
        self.name = source.name
        self.kind = source.kind
        self.classes = source.classes
        channels, height, width = source.shape
        self.shape: tuple[int, ...] = (channels,) if height == width == 1 else (channels, height, width)
        self.notes = source.notes
        self._n = source.n

    @cached_property
    def ids(self) -> NDArray[np.str_]:
        """The id of each sample."""
        return np.array(self._source.ids, dtype=np.str_)

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The class of each sample by number, -1 where it is not known."""
        return np.array(self._source.labels, dtype=np.int64)

    @cached_property
    def is_test(self) -> NDArray[np.bool_]:
        """Whether each sample belongs to the test set."""
        return np.array(self._source.is_test, dtype=bool)

    def __len__(self) -> int:
        return self._n

    def __repr__(self) -> str:
        return f"Source({self.name!r}, {self.kind}: {len(self)} samples of {self.shape}, {len(self.classes)} classes)"

    def inputs(self, rows: ArrayLike | None = None) -> NDArray[np.float32]:
        """What a net takes in, of all samples or some.

        Parameters
        ----------
        rows : array_like of int, optional
            Which samples; all by default.

        Returns
        -------
        ndarray of float32, shape (n, d) or (n, channels, height, width)
        """
        wanted = np.arange(len(self)) if rows is None else as_array("rows", rows)
        if wanted.ndim != 1 or (wanted.dtype.kind not in "iu" and wanted.size):
            raise TypeError(f"`rows` must be whole numbers [k], found {found(wanted)}")
        outside = (wanted < 0) | (wanted >= len(self))
        if outside.any():
            raise ValueError(f"`rows` must be from 0 to {len(self) - 1}, found {wanted[outside][0]}")
        with Hear() as hear:
            flat = self._source.inputs(wanted.tolist(), self._threads, hear)
        return np.reshape(flat, (len(wanted), *self.shape))


def open(source: str | PathLike[str] | ArrayLike | ArrowTable, *, threads: int | None = None) -> Source:
    """Read data as the program does: a folder or zip of pictures, a table, arrays, or a `data.toml`.

    Parameters
    ----------
    source : path, frame or array_like
        The folder or file. Or a frame of pandas, Polars or PyArrow, or anything else with Arrow's `__arrow_c_stream__`, whose columns
        are understood like those of a table on disk; or an array, shape (n, d) or (n, channels, height, width).
    threads : int, optional
        How many threads to use; as many as there are cores by default.

    Raises
    ------
    FileNotFoundError
        There is nothing at the path.
    ValueError
        Something is there that cannot be read or understood.
    TypeError
        No path, frame or array of numbers; or a frame that only PyArrow could read, which is not installed.

    Examples
    --------
    >>> import deepal, pathlib, tempfile
    >>> table = pathlib.Path(tempfile.mkdtemp()) / "points.csv"
    >>> _ = table.write_text("id,x,y,label\\na,1,2,left\\nb,3,4,right\\nc,5,6,\\n")
    >>> points = deepal.open(table)
    >>> points.labels
    array([ 0,  1, -1])
    >>> points.inputs().shape
    (3, 2)
    """
    threads = None if threads is None else whole("threads", threads, 1)
    folder = None if is_path(source) else Path(tempfile.mkdtemp(prefix="deepal-"))
    try:
        with Hear() as hear:
            opened = Source(_deepal.open(path_of("source", source, folder or Path()), threads, hear), threads)
    except BaseException:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    if folder is not None:
        # What had to be written is gone when the source is.
        weakref.finalize(opened, shutil.rmtree, folder, ignore_errors=True)
    return opened
