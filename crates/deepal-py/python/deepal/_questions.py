"""What a project asks, and where it stands."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ._selection import Selection

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Questions(Selection):
    """The samples of a batch that have no answer yet, in the order of asking. It acts as an array of their rows.

    Attributes
    ----------
    ids : ndarray of str, shape (n,)
        Their ids, which `ActiveLearner.label` takes.
    indices : ndarray of int64, shape (n,)
        Their rows in the source.
    scores : ndarray of float64, shape (n,), or None
        What the strategy scored them, NaN for those drawn at random; None where it does not rank.
    asked_by : list of str
        Why each is asked: `strategy`, or `audit` for one drawn at random to measure the accuracy.
    likeliest : list of list of (str, float)
        The likeliest classes of each with their probabilities, at most three; empty while there is no net.
    nearest : list of list of str
        The ids of the nearest labelled samples of each, at most three.
    """

    def __init__(self, questions: list[dict[str, Any]], strategy: str, seed: int, seconds: float) -> None:
        scores = [question["score"] for question in questions]
        ranks = any(score is not None for score in scores)
        super().__init__(
            np.array([question["row"] for question in questions], dtype=np.int64),
            np.array([np.nan if score is None else score for score in scores]) if ranks else None,
            np.array([question["id"] for question in questions], dtype=np.str_),
            strategy,
            seed,
            seconds,
        )
        self.ids: NDArray[np.str_]
        self.asked_by: list[str] = [question["asked_by"] for question in questions]
        self.likeliest: list[list[tuple[str, float]]] = [question["likeliest"] for question in questions]
        self.nearest: list[list[str]] = [question["nearest"] for question in questions]


@dataclass(frozen=True)
class Accuracy:
    """The accuracy on samples drawn at random, of a net that has not learnt from them.

    Attributes
    ----------
    right, of : int
        How many of them it gets right, of how many.
    interval : tuple of float, or None
        The exact 95 % interval by Clopper and Pearson; None below 20 samples.
    sentence : str
        The same in words.
    """

    right: int
    of: int
    interval: tuple[float, float] | None
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class Status:
    """Where a project stands.

    Attributes
    ----------
    n_samples, n_labeled, n_skipped, n_discarded : int
        How many samples there are, and what was said of them.
    n_open : int
        How many questions of the newest batch have no answer.
    per_class : dict of str to int
        Labels of each class.
    per_asked_by : dict of str to int
        Labels by how the question came up: `strategy`, `audit`, `found`, `import`.
    accuracy : Accuracy
        How often the newest net is right, measured on samples drawn at random.
    advice : list of str
        What is worth doing next, in sentences.
    """

    n_samples: int
    n_labeled: int
    n_skipped: int
    n_discarded: int
    n_open: int
    per_class: dict[str, int]
    per_asked_by: dict[str, int]
    accuracy: Accuracy
    advice: list[str]

    def __str__(self) -> str:
        classes = ", ".join(f"{name} {n}" for name, n in self.per_class.items())
        lines = [f"{self.n_labeled} labels of {self.n_samples} samples: {classes}", f"accuracy: {self.accuracy}"]
        return "\n".join([*lines, *(f"next: {advice}" for advice in self.advice)])

    def _repr_html_(self) -> str:
        return "<br>".join(html.escape(line) for line in str(self).splitlines())
