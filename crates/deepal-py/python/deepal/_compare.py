"""Studies: which strategy gets the best classifier for the fewest labels?"""

from __future__ import annotations

import csv
import html
import json
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _deepal
from ._arrays import as_array, found, numbers, whole
from ._net import own_net
from ._strategy import Custom, Strategy, text_of
from ._work import Hear

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Comparison:
    """What a study says about strategies.

    Attributes
    ----------
    claims : list of str
        The answer in sentences, the most important first. Nothing is claimed with fewer than three seeds.
    warnings : list of str
        What weakens the comparison, in sentences.
    curves : dict of str to ndarray
        A row for each strategy, seed and round: `strategy`, `seed`, `round`, `labels`, `accuracy`, `train_seconds`, `query_seconds`.
    penalty : ndarray of float64, shape (s, s), or None
        Who beats whom: in how many parts of the curve the strategy of the row beats that of the column.
    strategies : list of str
        The strategies, in the order of `penalty`.
    summary : dict
        All numbers, as in `summary.json` of a run.
    folder : pathlib.Path
        The folder of the run.
    """

    def __init__(self, folder: Path, text: str) -> None:
        self.folder = folder
        self._text = text
        self.summary: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        self.claims: list[str] = self.summary["verdict"]
        self.warnings: list[str] = self.summary["warnings"]
        self.curves: dict[str, NDArray[Any]] = _curves(folder / "results.csv")
        penalty = self.summary["penalty"]
        self.penalty: NDArray[np.float64] | None = None if penalty is None else np.array(penalty["cells"])
        self.strategies: list[str] = (
            list(dict.fromkeys(self.curves["strategy"].tolist())) if penalty is None else penalty["strategies"]
        )

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        seeds = len(np.unique(self.curves["seed"]))
        return f"Comparison({', '.join(self.strategies)}; {seeds} seeds)"

    def to_pandas(self) -> Any:
        """The curves as a data frame; needs pandas."""
        import pandas  # type: ignore[import-untyped,unused-ignore]

        return pandas.DataFrame(self.curves)

    def report(self, path: str | PathLike[str]) -> Path:
        """Write the page about the run, with figures in it.

        Parameters
        ----------
        path : path
            The HTML file to write.
        """
        return Path(shutil.copyfile(self.folder / "report.html", fspath(path)))

    def _repr_html_(self) -> str:
        claims = "".join(f"<li>{html.escape(claim)}</li>" for claim in self.claims)
        notes = "".join(f"<li>{html.escape(warning)}</li>" for warning in self.warnings)
        figures = sorted((self.folder / "figures").glob("learning-curves*.svg"))
        figure = figures[0].read_text(encoding="utf-8") if figures else ""
        return (
            f"<ul>{claims}</ul>{figure}<pre>{html.escape(self._text.split(chr(10) * 2)[0])}</pre>"
            + (f"<p>What weakens it:</p><ul>{notes}</ul>" if notes else "")
        )


def compare(
    X: ArrayLike,
    y: ArrayLike,
    X_test: ArrayLike,
    y_test: ArrayLike,
    *,
    strategies: Sequence[str | Strategy] = ("auto", "random", "margin"),
    model: Any = "softmax-regression",
    initial: int | None = None,
    query: int | None = None,
    rounds: int | None = None,
    metric: str = "accuracy",
    seeds: int | Sequence[int] = 5,
    out: str | PathLike[str] | None = None,
    name: str = "data",
    threads: int | None = None,
) -> Comparison:
    """Compare strategies on data whose labels are known; the strategies do not see the labels.

    For one seed all strategies share the first labels and the net's initialisation, so they are compared in pairs. A failed job causes a
    warning; the rest continue.

    Parameters
    ----------
    X : array_like, shape (n, d) or (n, channels, height, width)
        The pool: samples that can be asked about.
    y : array_like, shape (n,)
        Their labels: numbers or names.
    X_test, y_test : array_like
        The test set.
    strategies : sequence of str or Strategy
        Names, objects such as `deepal.Bald(passes=50)`, or strategies of one's own: `deepal.Custom`.
    model : str or object, default="softmax-regression"
        A net of the engine (`deepal.list_nets()`) with settings, as in `"mlp(hidden=32)"`; or a scikit-learn classifier, or an object of your
        own with `fit(X, y)` and `predict_proba(X)`, and `embed(X)` if it has embeddings. It is copied before each fit.
    initial, query, rounds : int, optional
        Labels before the first training, labels asked for in each round, and rounds; by the size of the pool if left out.
    metric : str, default="accuracy"
        What claims, summary and report are about: `"accuracy"`, `"balanced-accuracy"` or `"macro-f1"`.
    seeds : int or sequence of int, default=5
        How many, or which.
    out : path, optional
        A folder for the run. Without it the run is deleted with the result.
    name : str, default="data"
        What the data are called in results.
    threads : int, optional
        How many threads to use; as many as there are cores by default.

    Returns
    -------
    Comparison
        Claims in words, curves, a report.

    Examples
    --------
    >>> import numpy as np, deepal
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(3, size=400)
    >>> X = (np.eye(3)[y] + 0.4 * rng.normal(size=(400, 3))).astype(np.float32)
    >>> result = deepal.compare(
    ...     X[:300], y[:300], X[300:], y[300:], strategies=["margin", "random"], initial=6, query=3, rounds=3, seeds=3
    ... )
    >>> sorted(set(result.curves["labels"].tolist()))
    [6, 9, 12, 15]
    """
    pool, shape = _samples("X", X)
    test, other = _samples("X_test", X_test)
    if shape != other:
        raise ValueError(f"`X_test` must have samples of {shape} (channels, height, width) like `X`, found {other}")
    classes, labels, test_labels = _classes(y, y_test, len(pool), len(test))
    texts, own = _strategies(strategies)
    net = model if isinstance(model, str) else own_net(model)
    chosen = _seeds(seeds)
    budget = {
        "initial": None if initial is None else whole("initial", initial, 1),
        "query": None if query is None else whole("query", query, 1),
        "rounds": None if rounds is None else whole("rounds", rounds, 1),
        "seeds": chosen,
        "metric": metric,
    }
    total = 0 if rounds is None else len(texts) * len(chosen) * (rounds + 1)
    described = {"name": str(name), "shape": shape, "classes": [str(label) for label in classes]}
    threads = None if threads is None else whole("threads", threads, 1)
    temporary = Path(tempfile.mkdtemp(prefix="deepal-")) if out is None else None
    folder = Path(fspath(out)) if temporary is None else temporary / "run"  # type: ignore[arg-type]
    try:
        with Hear(total) as hear:
            text, failures = _deepal.compare(
                described, pool, labels, test, test_labels, texts, own, net, budget, folder, threads, hear
            )
        result = Comparison(folder, text)
    except BaseException:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        raise
    if temporary is not None:
        # The folder is deleted with the result.
        weakref.finalize(result, shutil.rmtree, temporary, ignore_errors=True)
    if failures:
        first = f"the first: {failures[0]}"
        if len(failures) == len(texts) * len(chosen):
            raise RuntimeError(f"all {len(failures)} jobs failed, {first}")
        warnings.warn(f"{len(failures)} of {len(texts) * len(chosen)} jobs failed, {first}", stacklevel=2)
    return result


def _samples(name: str, value: ArrayLike) -> tuple[NDArray[np.float32], list[int]]:
    """Samples as flat rows, and the shape of one."""
    array = as_array(name, value)
    if array.ndim == 3:
        array = array[:, None]
    if array.ndim == 4:
        shape = list(array.shape[1:])
        flat = numbers(name, array, "[n, c, h, w]", "float32", warn=False)
        return np.reshape(flat, (len(flat), -1)), shape
    flat = numbers(name, array, "[n, d]", "float32", warn=False)
    return flat, [flat.shape[1], 1, 1]


def _classes(
    y: ArrayLike, y_test: ArrayLike, n: int, n_test: int
) -> tuple[list[Any], NDArray[np.uint16], NDArray[np.uint16]]:
    """All classes in their order, and the labels by number."""
    both: list[NDArray[Any]] = []
    for name, of, value, length in (("y", "X", y, n), ("y_test", "X_test", y_test, n_test)):
        labels = as_array(name, value)
        if labels.shape != (length,):
            raise ValueError(f"`{name}` must be [{length}], one for each sample of `{of}`, found {found(labels)}")
        gone = [at for at, label in enumerate(labels.tolist()) if label is None or label != label]
        if gone:
            raise ValueError(f"`{name}` must have a label for each sample, and row {gone[0]} has none")
        both.append(labels)
    if (both[0].dtype.kind in "iufb") != (both[1].dtype.kind in "iufb"):
        raise TypeError(f"`y_test` must be labels like `y`, found {found(both[1])} and {found(both[0])}")
    classes = np.unique(np.concatenate(both))
    if len(classes) < 2:
        raise ValueError(f"`y` must have at least two classes, found {classes.tolist()}")
    if len(classes) > 65535:
        raise ValueError(f"`y` has {len(classes)} classes; at most 65535 are possible")
    labels, test = (np.searchsorted(classes, labels).astype(np.uint16) for labels in both)
    return classes.tolist(), labels, test


def _strategies(strategies: Sequence[str | Strategy]) -> tuple[list[str], list[tuple[str, Any]]]:
    """Strategies as the engine reads them, and those of one's own by name."""
    if isinstance(strategies, (str, Strategy)):
        strategies = [strategies]
    texts: list[str] = []
    own: list[tuple[str, Any]] = []
    for strategy in strategies:
        texts.append(text_of(strategy))
        if isinstance(strategy, Custom):
            own.append((texts[-1], strategy.own()))
    if not texts:
        raise ValueError("`strategies` must name at least one")
    return texts, own


def _seeds(seeds: int | Sequence[int]) -> list[int]:
    if hasattr(seeds, "__index__"):
        return list(range(1, whole("seeds", seeds, 1) + 1))
    return [whole("seeds", seed, 0) for seed in seeds]  # type: ignore[union-attr]


def _curves(path: Path) -> dict[str, NDArray[Any]]:
    """The columns of `results.csv`."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kinds: dict[str, Any] = {
        "strategy": str,
        "seed": int,
        "round": int,
        "labels": int,
        "accuracy": float,
        "train_seconds": float,
        "query_seconds": float,
    }
    return {name: np.array([kind(row[name]) for row in rows]) for name, kind in kinds.items()}
