from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "compare",
    "canonical",
    "nets",
    "signals",
    "strategies",
    "csv",
    "select",
    "Source",
    "open",
    "main",
]

_Hear = Callable[[str, str, int, int], None]
_OwnStrategy = tuple[Callable[..., Any], list[str], int]
_OwnNet = tuple[str, Callable[..., Any], Callable[..., Any], Callable[..., Any] | None]

@final
class Source:
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def ids(self) -> list[str]: ...
    @property
    def labels(self) -> list[int]: ...
    @property
    def classes(self) -> list[str]: ...
    @property
    def is_test(self) -> list[bool]: ...
    @property
    def shape(self) -> list[int]: ...
    @property
    def notes(self) -> list[str]: ...
    def inputs(self, rows: Sequence[int], threads: int | None, hear: _Hear) -> NDArray[np.float32]: ...

def canonical(text: str) -> str: ...
def compare(
    described: dict[str, Any],
    pool: NDArray[np.float32],
    labels: NDArray[np.uint16],
    test: NDArray[np.float32],
    test_labels: NDArray[np.uint16],
    strategies: list[str],
    own: list[tuple[str, _OwnStrategy]],
    model: str | _OwnNet,
    budget: dict[str, Any],
    folder: str | PathLike[str],
    threads: int | None,
    hear: _Hear,
) -> tuple[str, list[str]]: ...
def csv(rows: list[int], scores: list[float] | None, ids: list[str] | None) -> str: ...
def main(arguments: list[str]) -> int: ...
def nets() -> list[dict[str, Any]]: ...
def open(path: str | PathLike[str], threads: int | None, hear: _Hear) -> Source: ...
def select(
    arrays: list[tuple[str, NDArray[Any]]],
    budget: int,
    strategy: str,
    own: _OwnStrategy | None,
    seed: int,
    candidates: int | None,
    memory: float | None,
    threads: int | None,
    hear: _Hear,
) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]: ...
def signals() -> list[tuple[str, str, str]]: ...
def strategies() -> list[dict[str, Any]]: ...
