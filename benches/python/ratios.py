"""Times of the picks against scikit-activeml and small-text on the same arrays, as a table of medians and ratios.

    pip install deepal-*.whl scikit-activeml small-text
    python benches/python/ratios.py [--repeat 3] [--threads 2] [--quick] > record/DATE-python-ratios.md

Everything is in the memory of one process. Ours and the peer run in turn, and the clock runs from the call in Python to the picks. What
would take a peer more than `--limit` seconds by its time on a tenth of the rows is left out, and the table says so.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def arguments() -> argparse.Namespace:
    """The options; they are read before NumPy starts its threads."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeat", type=int, default=3, help="how often each is timed [default: 3]")
    parser.add_argument("--threads", type=int, default=2, help="threads of both sides [default: 2]")
    parser.add_argument("--limit", type=float, default=300.0, help="the most seconds of a peer's pick [default: 300]")
    parser.add_argument("--quick", action="store_true", help="a fiftieth of the rows, to see that it works")
    return parser.parse_args()


OPTIONS = arguments()
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = str(OPTIONS.threads)
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
from skactiveml import pool  # noqa: E402
from skactiveml.base import SkactivemlClassifier  # noqa: E402
from small_text.query_strategies import BreakingTies, EmbeddingKMeans, LeastConfidence, PredictionEntropy  # noqa: E402
from small_text.query_strategies.coresets import greedy_coreset  # noqa: E402

import deepal  # noqa: E402

M, C, D, PASSES = 500, 10, 64, 20


class Arrays:
    """The arrays that both sides are handed: `n` candidates in clusters, `M` labelled samples."""

    def __init__(self, n: int) -> None:
        rng = np.random.default_rng(0)
        centres = 2 * rng.normal(size=(30, D))
        drawn = centres[rng.integers(30, size=n + M)] + rng.normal(size=(n + M, D))
        self.n = n
        self.embeddings, self.known = drawn[:n].astype(np.float32), drawn[n:].astype(np.float32)
        self.both = np.vstack([self.embeddings, self.known])
        self.probs = softmax(1.5 * rng.normal(size=(n, C)))
        self.passes = softmax(rng.normal(size=(PASSES, n, C)) + 1.5 * rng.normal(size=(1, n, C)))
        self.y = np.concatenate([np.full(n, np.nan), rng.integers(C, size=M)])


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


class Given(SkactivemlClassifier):
    """A classifier of scikit-activeml whose probabilities are there, so that nothing but the pick is timed."""

    def __init__(self, probs: Any = None, classes: Any = None, missing_label: float = np.nan, random_state: Any = None) -> None:
        super().__init__(classes=classes, missing_label=missing_label, random_state=random_state)
        self.probs = probs

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Given:
        """Learn nothing."""
        return self

    def predict_proba(self, X: Any, **_: Any) -> Any:
        """The probabilities of the first rows."""
        return self.probs[: len(X)]


class Known:
    """A classifier and a data set of small-text whose probabilities and embeddings are there."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays

    def __len__(self) -> int:
        return self.arrays.n

    def __getitem__(self, rows: Any) -> Any:
        return rows

    def predict_proba(self, dataset: Any) -> Any:
        """All probabilities."""
        return self.arrays.probs

    def embed(self, dataset: Any, **_: Any) -> Any:
        """All embeddings and probabilities."""
        return self.arrays.embeddings, self.arrays.probs


@dataclass
class Work:
    """A pick of ours and of a peer."""

    strategy: str
    n: int
    k: int
    peer: str
    ours: Callable[[Arrays, int], Any]
    theirs: Callable[[Arrays, int], Any]


def select(strategy: str, *names: str) -> Callable[[Arrays, int], Any]:
    """`deepal.select` on arrays by keyword."""

    def run(arrays: Arrays, k: int) -> Any:
        every = {
            "probs": arrays.probs,
            "mc_probs": arrays.passes,
            "embeddings": arrays.embeddings,
            "labeled_embeddings": arrays.known,
        }
        return deepal.select(k, strategy=strategy, threads=OPTIONS.threads, **{name: every[name] for name in names})

    return run


def by_classifier(strategy: Callable[[], Any]) -> Callable[[Arrays, int], Any]:
    """A strategy of scikit-activeml that asks a classifier."""

    def run(arrays: Arrays, k: int) -> Any:
        clf = Given(arrays.probs, classes=list(range(C)))
        y = np.full(arrays.n, np.nan)
        return strategy().query(arrays.embeddings, y, clf, fit_clf=False, batch_size=k)

    return run


def by_samples(strategy: Callable[[], Any]) -> Callable[[Arrays, int], Any]:
    """A strategy of scikit-activeml that looks at samples."""
    return lambda arrays, k: strategy().query(arrays.both, arrays.y, batch_size=k)


def small_text(strategy: Callable[[], Any]) -> Callable[[Arrays, int], Any]:
    """A strategy of small-text."""

    def run(arrays: Arrays, k: int) -> Any:
        known, rows = Known(arrays), np.arange(arrays.n)
        none = np.array([], dtype=int)
        return strategy().query(known, rows, rows, none, none, n=k)

    return run


def greedy(arrays: Arrays, k: int) -> Any:
    """small-text's k-center."""
    rows = np.arange(arrays.n)
    return greedy_coreset(arrays.both, rows, np.arange(arrays.n, arrays.n + M), k, distance_metric="euclidean", normalized=False)


def works() -> list[Work]:
    """What is compared, the cheap ones first."""
    every: list[Work] = []
    for strategy, theirs, other in (
        ("margin", "margin_sampling", BreakingTies),
        ("entropy", "entropy", PredictionEntropy),
        ("least-confidence", "least_confident", LeastConfidence),
    ):
        peer = by_classifier(lambda theirs=theirs: pool.UncertaintySampling(method=theirs, random_state=0))
        every.append(Work(strategy, 100_000, 100, "scikit-activeml", select(strategy, "probs"), peer))
        every.append(Work(strategy, 100_000, 100, "small-text", select(strategy, "probs"), small_text(other)))
    bald = lambda arrays, k: pool.batch_bald(arrays.passes, 1, random_state=0)  # noqa: E731
    every.append(Work(f"bald(passes={PASSES})", 20_000, 1, "scikit-activeml, `batch_bald` of one", select("bald", "mc_probs"), bald))
    center = select("k-center", "embeddings", "labeled_embeddings")
    every.append(Work("k-center", 10_000, 100, "scikit-activeml", center, by_samples(lambda: pool.CoreSet(random_state=0))))
    every.append(Work("k-center", 10_000, 100, "small-text", center, greedy))
    badge = select("badge", "probs", "embeddings")
    every.append(Work("badge", 10_000, 100, "scikit-activeml", badge, by_classifier(lambda: pool.Badge(random_state=0))))
    typi = select("typiclust", "embeddings", "labeled_embeddings")
    every.append(Work("typiclust", 5_000, 20, "scikit-activeml", typi, by_samples(lambda: pool.TypiClust(random_state=0))))
    cover = select(f"prob-cover(classes={C})", "embeddings", "labeled_embeddings")
    theirs = by_samples(lambda: pool.ProbCover(n_classes=C, random_state=0))
    every.append(Work("prob-cover", 5_000, 50, "scikit-activeml", cover, theirs))
    means = select("k-means", "embeddings")
    every.append(Work("k-means", 20_000, 100, "small-text, `EmbeddingKMeans`", means, small_text(lambda: EmbeddingKMeans(normalize=False))))
    return every


def seconds(run: Callable[[], Any], k: int) -> float:
    """How long a pick took."""
    start = time.perf_counter()
    picks = run()
    took = time.perf_counter() - start
    count = np.asarray(picks[0] if isinstance(picks, tuple) else picks).shape[0]
    if count != k:
        raise RuntimeError(f"{count} picks instead of {k}")
    return took


def line(work: Work) -> str:
    """A line of the table."""
    n, k = (work.n // 50, max(1, work.k // 5)) if OPTIONS.quick else (work.n, work.k)
    start = f"| `{work.strategy}` | {n:,} | {k} | {work.peer} |"
    few = Arrays(max(n // 10, 2 * k))
    # The first call of both loads code.
    seconds(lambda: work.ours(few, k), k)
    expected = seconds(lambda: work.theirs(few, k), k) * n / few.n
    if expected > OPTIONS.limit:
        return f"{start} - | over {expected:.0f} s | - |"
    arrays = Arrays(n)
    both: tuple[list[float], list[float]] = ([], [])
    for _ in range(OPTIONS.repeat):
        both[0].append(seconds(lambda: work.ours(arrays, k), k))
        both[1].append(seconds(lambda: work.theirs(arrays, k), k))
    ours, theirs = map(statistics.median, both)
    return f"{start} {ours:.4f} s | {theirs:.3f} s | {theirs / ours:.1f} |"


def main() -> None:
    """Print the table."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("scikit-activeml", "small-text", "numpy", "scikit-learn"))
    print("# Picks in Python against scikit-activeml and small-text\n")
    print(f"- {platform.machine()}, {OPTIONS.threads} threads; Python {platform.python_version()}, {versions}")
    print(f"- {M} labelled samples, {C} classes, {D} features, {PASSES} passes; each figure the median of {OPTIONS.repeat}, in turn")
    print(f"- `{' '.join(['python benches/python/ratios.py', *sys.argv[1:]])}`")
    print("\n| strategy | candidates | picks | peer | ours | peer's | ratio |\n| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for work in works():
        print(line(work), flush=True)


if __name__ == "__main__":
    main()
