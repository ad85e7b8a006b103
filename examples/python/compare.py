"""Compare strategies, one of them your own, on the digits of scikit-learn; draws the curves if matplotlib is there."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import deepal


def far_and_unsure(signals: deepal.Signals, n: int, rng: np.random.Generator) -> np.ndarray:
    """Small margins, weighted by the distance to the nearest labelled sample."""
    ordered = np.sort(signals.probs, axis=1)
    unsure = 1 - (ordered[:, -1] - ordered[:, -2])
    gaps = signals.embeddings[:, None] - signals.labeled_embeddings[None]
    return unsure * np.sqrt((gaps**2).sum(axis=2)).min(axis=1)


def main() -> None:
    """Print the claims, write the report, draw the curves."""
    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X.astype(np.float32) / 16, y, test_size=0.4, random_state=0)
    own = deepal.Custom(far_and_unsure, needs=["probs", "embeddings", "labeled_embeddings"])
    result = deepal.compare(
        X,
        y,
        X_test,
        y_test,
        strategies=["auto", own, "margin", "random"],
        model=LogisticRegression(C=10),
        initial=20,
        query=20,
        rounds=4,
        seeds=3,
        name="digits",
    )
    print("\n".join(result.claims))
    print(result.report("digits.html"))
    try:
        from matplotlib import pyplot
    except ImportError:
        return
    curves = result.curves
    for strategy in result.strategies:
        of = curves["strategy"] == strategy
        labels = np.unique(curves["labels"][of])
        pyplot.plot(labels, [curves["accuracy"][of & (curves["labels"] == k)].mean() for k in labels], label=strategy)
    pyplot.xlabel("labels")
    pyplot.ylabel("accuracy")
    pyplot.legend()
    pyplot.savefig("digits.png")


if __name__ == "__main__":
    main()
