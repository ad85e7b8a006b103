"""Data that several tests share."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def arrays() -> dict[str, np.ndarray]:
    """All signals about 120 candidates, 15 labelled samples, 3 classes, 6 features and 4 passes, of a softmax on three blobs."""
    rng = np.random.default_rng(7)
    centres = rng.normal(size=(3, 6))

    def blobs(n: int) -> tuple[np.ndarray, np.ndarray]:
        classes = np.arange(n) % 3
        return (centres[classes] + 0.9 * rng.normal(size=(n, 6))).astype(np.float32), classes

    def softmax(scores: np.ndarray) -> np.ndarray:
        e = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    (embeddings, _), (labeled, labels) = blobs(120), blobs(15)
    weights, biases = centres.astype(np.float32), (-0.5 * (centres**2).sum(axis=1)).astype(np.float32)
    scores = embeddings.astype(float) @ weights.T.astype(float) + biases
    known = labeled.astype(float) @ weights.T.astype(float) + biases
    return {
        "embeddings": embeddings,
        "labeled_embeddings": labeled,
        "labels": labels,
        "probs": softmax(scores),
        "labeled_probs": softmax(known),
        "mc_probs": softmax(scores + rng.normal(size=(4, 120, 3))),
        "member_probs": softmax(scores + np.random.default_rng(8).normal(size=(5, 120, 3))),
        "head_weights": weights,
        "head_biases": biases,
        "features": embeddings[:, ::-1].copy(),
        "labeled_features": labeled[:, ::-1].copy(),
    }


@pytest.fixture(scope="session")
def keywords(arrays: dict[str, np.ndarray]) -> dict[str, object]:
    """The same as keywords of `select`."""
    given: dict[str, object] = dict(arrays)
    given["head"] = (given.pop("head_weights"), given.pop("head_biases"))
    return given
