"""What was picked."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from . import _deepal

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Rows of a table in a notebook.
SHOWN = 20


class Selection(Sequence[int]):
    """Rows of candidates in pick order. It acts as an array of them.

    Attributes
    ----------
    indices : ndarray of int64, shape (n_picked,)
        The rows, the most wanted first.
    scores : ndarray of float64, shape (n_picked,), or None
        Their scores, a higher one is labelled first; None where the strategy does not rank.
    ids : ndarray, shape (n_picked,), or None
        Their ids, if ids were given.
    strategy : str
        The strategy, with its settings.
    seed : int
        The seed of what was random.
    seconds : float
        How long it took.
    """

    def __init__(
        self,
        indices: NDArray[np.int64],
        scores: NDArray[np.float64] | None,
        ids: NDArray[Any] | None,
        strategy: str,
        seed: int,
        seconds: float,
    ) -> None:
        self.indices = indices
        self.scores = scores
        self.ids = ids
        self.strategy = strategy
        self.seed = seed
        self.seconds = seconds

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[int]:
        return iter(self.indices.tolist())

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Selection: ...
    def __getitem__(self, index: int | slice) -> int | Selection:
        if not isinstance(index, slice):
            return int(self.indices[index])
        scores = None if self.scores is None else self.scores[index]
        ids = None if self.ids is None else self.ids[index]
        return Selection(self.indices[index], scores, ids, self.strategy, self.seed, self.seconds)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.indices, dtype=dtype, copy=copy)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Selection):
            return NotImplemented
        return np.array_equal(self.indices, other.indices)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        first = ", ".join(map(str, self.indices[:6].tolist())) + (", ..." if len(self) > 6 else "")
        return f"Selection([{first}], n={len(self)}, strategy={self.strategy!r}, seed={self.seed})"

    def to_csv(self, path: str | PathLike[str] | None = None) -> str | None:
        """The table that `deepal select` writes: `rank,row,score`, or `rank,id,row,score` with ids.

        Parameters
        ----------
        path : path, optional
            The file to write; without it the table is given back.
        """
        scores = None if self.scores is None else self.scores.tolist()
        if self.ids is None:
            table = _deepal.csv(self.indices.tolist(), scores, None)
        else:
            # The table looks ids up by row: those that were not picked are in no line.
            ids = [""] * (int(self.indices.max(initial=-1)) + 1)
            for row, name in zip(self.indices.tolist(), self.ids.tolist()):
                ids[row] = str(name)
            table = _deepal.csv(self.indices.tolist(), scores, ids)
        if path is None:
            return table
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(table)
        return None

    def _repr_html_(self) -> str:
        names = ["rank", *([] if self.ids is None else ["id"]), "row", *([] if self.scores is None else ["score"])]
        lines: list[str] = []
        for at in range(min(len(self), SHOWN)):
            cells: list[str] = [str(at + 1)]
            if self.ids is not None:
                cells.append(str(self.ids[at]))
            cells.append(str(self.indices[at]))
            if self.scores is not None:
                cells.append(f"{self.scores[at]:.4g}")
            lines.append("".join(f"<td>{html.escape(cell)}</td>" for cell in cells))
        rest = f"<p>and {len(self) - SHOWN} more</p>" if len(self) > SHOWN else ""
        head = "".join(f"<th>{name}</th>" for name in names)
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        return (
            f"<p>{len(self)} picked by {html.escape(self.strategy)}, seed {self.seed}</p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"
        )
