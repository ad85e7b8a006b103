"""`Strategy.query`: from samples, labels and a fitted classifier to signals."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ._arrays import SIGNALS, as_array, found, numbers, seed, signal, whole
from ._select import pick
from ._strategy import Custom, Strategy

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def query(
    strategy: Strategy,
    X: ArrayLike,
    y: ArrayLike,
    clf: Any,
    candidates: ArrayLike | None,
    batch_size: int,
    return_utilities: bool,
    threads: int | None,
    signals: Mapping[str, ArrayLike],
    is_labeled: NDArray[np.bool_] | None = None,
) -> Any:
    """See `Strategy.query`."""
    known_x = numbers("X", X, "[n, d]", "float32", warn=False)
    known_y = as_array("y", y)
    if known_y.shape != known_x.shape[:1]:
        raise ValueError(f"`y` must be [{len(known_x)}], one for each sample of `X`, found {found(known_y)}")
    if is_labeled is None:
        is_labeled = ~is_missing(known_y)
    rows, samples = _candidates(candidates, known_x, is_labeled)
    n = len(known_x) if rows is not None else len(samples)
    if len(samples) == 0:
        raise ValueError("there is no candidate: every sample of `X` has a label")
    batch_size = whole("batch_size", batch_size, 1)
    if batch_size > len(samples):
        warnings.warn(f"`batch_size` is {batch_size}, and there are {len(samples)} candidates: all are picked", stacklevel=3)
        batch_size = len(samples)
    build = _Build(strategy, known_x, known_y, clf, rows, samples, is_labeled, signals)
    arrays, number = build.arrays(), seed("random_state", strategy.random_state)

    def run(budget: int) -> Any:
        # All candidates, however long that takes: the caller chose them.
        return pick(arrays, budget, strategy, candidates=len(samples), seed=number, threads=threads)

    picked = run(batch_size)
    indices: NDArray[np.int64] = picked.indices if rows is None else rows[picked.indices]
    if not return_utilities:
        return indices
    utilities = np.full((batch_size, n), np.nan)
    at = np.arange(len(samples)) if rows is None else rows
    if picked.scores is None:
        utilities[:, at] = 0.0
        utilities[np.arange(batch_size), indices] = 1.0
    else:
        # Of a strategy that ranks, more picks are the same picks and more.
        everything = run(len(samples))
        utilities[:, at[everything.indices]] = everything.scores
    for later in range(1, batch_size):
        utilities[later, indices[:later]] = np.nan
    return indices, utilities


def is_missing(y: NDArray[Any]) -> NDArray[np.bool_]:
    """Where there is no label: NaN, -1 or None."""
    if y.dtype.kind == "f":
        return np.isnan(y) | (y == -1)
    if y.dtype.kind in "iu":
        return np.asarray(y == -1)
    if y.dtype.kind == "O":
        gone = [label is None or (isinstance(label, (int, float)) and (label != label or label == -1)) for label in y]
        return np.array(gone, dtype=bool)
    return np.zeros(y.shape, dtype=bool)


def _candidates(
    candidates: ArrayLike | None, known_x: NDArray[Any], is_labeled: NDArray[np.bool_]
) -> tuple[NDArray[np.int64] | None, NDArray[Any]]:
    """Rows of X and the samples, or None and samples that are not of it."""
    if candidates is None:
        rows = np.flatnonzero(~is_labeled)
        return rows, known_x[rows]
    array = as_array("candidates", candidates)
    if array.ndim == 1:
        if array.dtype.kind not in "iu":
            raise TypeError(f"`candidates` must be rows of `X` as integers [k], or samples [k, d], found {found(array)}")
        outside = (array < 0) | (array >= len(known_x))
        if outside.any():
            raise ValueError(f"`candidates` must be rows below {len(known_x)}, found {array[outside][0]}")
        if len(np.unique(array)) != len(array):
            raise ValueError("`candidates` must be distinct rows, and one is named twice")
        return array.astype(np.int64), known_x[array]
    samples = numbers("candidates", array, "[k, d]", "float32", warn=False)
    if samples.shape[1] != known_x.shape[1]:
        raise ValueError(f"`candidates` must be [k, {known_x.shape[1]}] like `X`, found {found(samples)}")
    return None, samples


# Signals of several passes or nets, `[t, n, c]`, which no classifier here has.
STACKS = ("mc_probs", "member_probs")


class _Build:
    """Makes the signals that a strategy looks at."""

    def __init__(
        self,
        strategy: Strategy,
        known_x: NDArray[Any],
        known_y: NDArray[Any],
        clf: Any,
        rows: NDArray[np.int64] | None,
        samples: NDArray[Any],
        is_labeled: NDArray[np.bool_],
        given: Mapping[str, ArrayLike],
    ) -> None:
        for name in given:
            if name not in SIGNALS:
                raise TypeError(f"query() got an unexpected keyword argument {name!r}; signals are {', '.join(SIGNALS)}")
        self.strategy, self.x, self.y, self.clf = strategy, known_x, known_y, clf
        self.rows, self.samples, self.labeled = rows, samples, np.flatnonzero(is_labeled)
        self.given = {name: signal(name, value, warn=False) for name, value in given.items()}
        self.cache: dict[str, Any] = {}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The signals by keyword."""
        needs = strategy.own()[1] if isinstance(strategy := self.strategy, Custom) else sorted(strategy.needs)
        if strategy.starts_cold and len(self.labeled) == 0:
            needs = [name for name in needs if name == "embeddings"]
        if not needs:
            # Something has to say how many candidates there are.
            needs = ["embeddings"]
        # By cross-validation the engine finds from labels how far probabilities can be trusted.
        wants = ["labels" if name == "calibration" else name for name in strategy.wants if self.has(name)]
        found = {name: self.one(name) for name in dict.fromkeys([*needs, *wants])}
        if "embeddings" in found and "labeled_embeddings" not in found and "labels" in found:
            found["labeled_embeddings"] = self.one("labeled_embeddings")
        if not any("n" in SIGNALS[name][0] for name in found):
            found["embeddings"] = self.one("embeddings")
        return found

    def has(self, name: str) -> bool:
        """Whether a signal can be had that a strategy does without if not."""
        if len(self.labeled) == 0:
            return False
        return name == "calibration" or name in self.given or (name == "probs" and hasattr(self.clf, "predict_proba"))

    def one(self, name: str) -> NDArray[Any]:
        """A signal, of what was given, of the classifier, or of the samples."""
        of_labeled = {"labeled_embeddings": "embeddings", "labeled_probs": "probs", "labeled_features": "features"}
        if name in of_labeled and name not in self.given:
            return np.ascontiguousarray(self.about(of_labeled[name], labeled=True))
        if name in ("probs", "embeddings", "features", *STACKS):
            return np.ascontiguousarray(self.about(name, labeled=False))
        if name in self.given:
            return self.given[name]
        if name == "labels":
            return self.labels()
        if name in ("head_weights", "head_biases"):
            weights, biases = self.head()
            return weights if name == "head_weights" else biases
        raise self.lacks(name)

    def about(self, name: str, *, labeled: bool) -> NDArray[Any]:
        """What is given for all samples, cut to the candidates or the labelled ones; or asked of the classifier."""
        if name in self.given:
            array = self.given[name]
            if self.rows is None:
                if labeled:
                    raise self.lacks("labeled_" + name)
                return array
            axis = 1 if name in STACKS else 0
            if array.shape[axis] != len(self.x):
                raise ValueError(
                    f"`{name}` must be {SIGNALS[name][0]} with {len(self.x)} rows, one for each sample of `X`, found {found(array)}"
                )
            return np.take(array, self.labeled if labeled else self.rows, axis=axis)
        samples = self.x[self.labeled] if labeled else self.samples
        if name in STACKS:
            raise self.lacks(name)
        if name == "features" or (name == "embeddings" and not self.embeds()):
            return samples
        return self.ask(samples, labeled)[name]

    def ask(self, samples: NDArray[Any], labeled: bool) -> dict[str, NDArray[Any]]:
        """Probabilities and embeddings by the classifier."""
        key = f"asked {labeled}"
        if key not in self.cache:
            predict = self.predict("labeled_probs" if labeled else "probs")
            if len(samples) == 0:
                n_classes = len(getattr(self.clf, "classes_", [])) or 1
                return {"probs": np.zeros((0, n_classes)), "embeddings": samples}
            answer = predict(samples, return_embeddings=True) if self.embeds() else (predict(samples), samples)
            probs = numbers("clf.predict_proba(X)", answer[0], "[n, c]", "float64", warn=False)
            embeddings = numbers("embeddings of clf.predict_proba(X)", answer[1], "[n, d]", "float32", warn=False)
            self.cache[key] = {"probs": probs, "embeddings": embeddings}
        return self.cache[key]

    def predict(self, name: str) -> Callable[..., Any]:
        predict = getattr(self.clf, "predict_proba", None)
        if predict is None:
            raise self.lacks(name)
        return predict

    def embeds(self) -> bool:
        """Whether the classifier gives embeddings."""
        if "embeds" not in self.cache:
            try:
                parameters = inspect.signature(self.clf.predict_proba).parameters
            except (AttributeError, TypeError, ValueError):
                parameters = {}
            self.cache["embeds"] = "return_embeddings" in parameters
        return bool(self.cache["embeds"])

    def labels(self) -> NDArray[np.uint16]:
        """The classes of labelled samples by number: the classifier's, or as they are, or in the order of their names."""
        labels = self.y[self.labeled]
        classes = getattr(self.clf, "classes_", None)
        if classes is None and labels.dtype.kind in "iu" and (labels.size == 0 or labels.max() < 65536):
            return labels.astype(np.uint16)
        classes = np.unique(labels) if classes is None else np.asarray(classes)
        position = {label: at for at, label in enumerate(classes.tolist())}
        unknown = [label for label in labels.tolist() if label not in position]
        if unknown:
            raise ValueError(f"`y` has the label {unknown[0]!r}, which `clf` was not fitted on; it knows {classes.tolist()}")
        return np.array([position[label] for label in labels.tolist()], dtype=np.uint16)

    def head(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """The last layer of a linear classifier."""
        weights, biases = getattr(self.clf, "coef_", None), getattr(self.clf, "intercept_", None)
        if weights is None or biases is None:
            raise self.lacks("head_weights")
        weights, biases = np.atleast_2d(np.asarray(weights)), np.atleast_1d(np.asarray(biases))
        if len(weights) == 1:
            # Of two classes the first has the score 0.
            weights, biases = np.vstack([0 * weights, weights]), np.concatenate([0 * biases, biases])
        return (
            numbers("clf.coef_", weights, "[c, d]", "float32", warn=False),
            numbers("clf.intercept_", biases, "[c]", "float32", warn=False),
        )

    def lacks(self, name: str) -> ValueError:
        if name not in SIGNALS:
            return ValueError(f"strategy `{self.strategy.name}` attacks a net, and arrays do not suffice for that; use `compare`")
        sources = {
            "probs": "a fitted `clf` with `predict_proba`, or ",
            "labeled_probs": "a fitted `clf` with `predict_proba`, or ",
            "head_weights": "a fitted linear `clf`, or `head_biases=` and ",
            "head_biases": "a fitted linear `clf`, or `head_weights=` and ",
        }
        return ValueError(
            f"strategy `{self.strategy.spec()}` looks at `{name}` {SIGNALS[name][0]}; give {sources.get(name, '')}`{name}=`"
        )
