"""Picks among arrays."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from . import _deepal
from ._arrays import SIGNALS, seed as to_seed, signal, texts, whole
from ._selection import Selection
from ._strategy import Custom, Strategy, text_of
from ._work import Hear

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


def select(
    budget: int,
    *,
    strategy: str | Strategy = "auto",
    embeddings: ArrayLike | None = None,
    probs: ArrayLike | None = None,
    mc_probs: ArrayLike | None = None,
    member_probs: ArrayLike | None = None,
    labeled_embeddings: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    labeled_probs: ArrayLike | None = None,
    head: tuple[ArrayLike, ArrayLike] | None = None,
    features: ArrayLike | None = None,
    labeled_features: ArrayLike | None = None,
    ids: ArrayLike | None = None,
    candidates: int | None = None,
    memory: int | None = None,
    seed: int | np.random.Generator | None = 1,
    threads: int | None = None,
) -> Selection:
    """Pick what to label next among rows of arrays: the picks of `deepal select` on the same arrays.

    Row `i` of all arrays about candidates is candidate `i`. Contiguous single-precision arrays are read where they are; others are
    copied once, with a `CopyWarning`. The GIL is released meanwhile, and Ctrl+C stops within a second.

    Parameters
    ----------
    budget : int
        How many to pick; all if there are fewer.
    strategy : str or Strategy, default="auto"
        A name, with settings as in `"bald(passes=50)"`, or an object such as `deepal.Bald(passes=50)`.
    embeddings : array_like, shape (n, d), optional
        Features of the candidates.
    probs : array_like, shape (n, c), optional
        Class probabilities of the candidates.
    mc_probs : array_like, shape (t, n, c), optional
        Class probabilities of stochastic passes.
    member_probs : array_like, shape (t, n, c), optional
        Class probabilities of several nets that differ in their seeds.
    labeled_embeddings : array_like, shape (m, d), optional
        Features of samples labelled already; without it, none are.
    labels : array_like of int, shape (m,), optional
        Their classes, from 0.
    labeled_probs : array_like, shape (m, c), optional
        Their class probabilities.
    head : tuple of array_like, shapes (c, d) and (c,), optional
        Weights and biases of the last layer.
    features : array_like, shape (n, e), optional
        Features of the candidates by a fixed encoder.
    labeled_features : array_like, shape (m, e), optional
        The same of the labelled samples.
    ids : array_like, shape (n,), optional
        What the candidates are called; it comes back as `ids` of the selection.
    candidates : int, optional
        Look at only so many of the candidates, drawn at random by seed.
    memory : int, optional
        The most bytes that the process may take; what would take more is refused.
    seed : int or numpy.random.Generator, default=1
        The seed of what is random.
    threads : int, optional
        How many threads to use; as many as there are cores by default.

    Returns
    -------
    Selection
        Rows in pick order, with scores where the strategy ranks.

    Raises
    ------
    ValueError
        Arrays that do not fit together or hold wrong numbers, an unknown strategy, or one whose signals are not given.
    TypeError
        An argument that is no array of numbers.

    Examples
    --------
    >>> import numpy as np, deepal
    >>> probs = np.array([[0.9, 0.1], [0.5, 0.5], [0.7, 0.3]])
    >>> deepal.select(2, strategy="margin", probs=probs)
    Selection([1, 2], n=2, strategy='margin', seed=1)
    >>> embeddings = np.random.default_rng(0).normal(size=(100, 8)).astype(np.float32)
    >>> len(deepal.select(10, embeddings=embeddings))
    10
    """
    weights, biases = _pair(head)
    given = {
        "embeddings": embeddings,
        "probs": probs,
        "mc_probs": mc_probs,
        "member_probs": member_probs,
        "labeled_embeddings": labeled_embeddings,
        "labels": labels,
        "labeled_probs": labeled_probs,
        "head_weights": weights,
        "head_biases": biases,
        "features": features,
        "labeled_features": labeled_features,
    }
    arrays: dict[str, NDArray[Any]] = {}
    for name, value in given.items():
        if value is not None:
            arrays[name] = signal(name, value)
    return pick(
        arrays, budget, strategy, ids=ids, candidates=candidates, memory=memory, seed=to_seed("seed", seed), threads=threads
    )


def pick(
    arrays: dict[str, NDArray[Any]],
    budget: int,
    strategy: str | Strategy,
    *,
    ids: ArrayLike | None = None,
    candidates: int | None = None,
    memory: int | None = None,
    seed: int,
    threads: int | None = None,
) -> Selection:
    """Pick among arrays that are as the engine has them in memory."""
    budget = whole("budget", budget, 0)
    text = text_of(strategy)
    own = strategy.own() if isinstance(strategy, Custom) else None
    names = None
    if ids is not None:
        names = texts("ids", ids, n_candidates(arrays))  # type: ignore[arg-type]
    start = time.perf_counter()
    with Hear() as hear:
        rows, scores = _deepal.select(
            list(arrays.items()),
            budget,
            text,
            own,
            seed,
            None if candidates is None else whole("candidates", candidates, 1),
            None if memory is None else float(whole("memory", memory, 1)),
            None if threads is None else whole("threads", threads, 1),
            hear,
        )
    seconds = time.perf_counter() - start
    return Selection(rows, scores, None if names is None else names[rows], text, seed, seconds)


def n_candidates(arrays: dict[str, NDArray[Any]]) -> int:
    """How many candidates arrays are about; 0 if none is about candidates."""
    for name, array in arrays.items():
        axes = SIGNALS[name][0].strip("[]").split(", ")
        if "n" in axes:
            return int(array.shape[axes.index("n")])
    return 0


def _pair(head: tuple[ArrayLike, ArrayLike] | None) -> tuple[ArrayLike | None, ArrayLike | None]:
    if head is None:
        return None, None
    if not isinstance(head, (tuple, list)) or len(head) != 2:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"`head` must be a pair of weights [c, d] and biases [c], found {type(head).__name__}")
    return head[0], head[1]
