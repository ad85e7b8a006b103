"""Label texts with scikit-learn: TF-IDF, logistic regression, and the texts that `auto` asks about.

The texts are made here: complaints and praise of three shops, which share most words.
"""

from __future__ import annotations

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

import deepal

TOPICS = {
    "delivery": "parcel late courier door box arrived missing tracking driver street",
    "quality": "broken seam colour faded fabric stitching button torn cheap sturdy",
    "service": "phone agent refund polite waiting answer email manager helped rude",
}
FILLER = "the a and it was my order i again after before shop really very this that week day".split()


def texts(n: int, rng: np.random.Generator) -> tuple[list[str], np.ndarray]:
    """Texts of 12 words, one or two of them of the topic, and their topics."""
    topics = rng.integers(3, size=n)
    words = [topic.split() for topic in TOPICS.values()]
    lines = []
    for topic in topics:
        line = [*rng.choice(words[topic], rng.integers(1, 3)), *rng.choice(FILLER, 10)]
        lines.append(" ".join(rng.permutation(line)))
    return lines, topics


def main() -> None:
    """Ask for 10 labels at a time, and say how right the classifier is; then the same with random picks."""
    rng = np.random.default_rng(0)
    train, y_train = texts(1500, rng)
    test, y_test = texts(1000, rng)
    vectors = TfidfVectorizer().fit(train)
    X, X_test = (vectors.transform(lines).toarray().astype(np.float32) for lines in (train, test))
    for strategy in (deepal.Auto(random_state=1), deepal.Random(random_state=1)):
        labels = np.full(len(X), -1)
        clf, accuracies = None, []
        for _ in range(6):
            rows = strategy.query(X, labels, clf, batch_size=10)
            labels[rows] = y_train[rows]  # here a person would answer
            known = labels != -1
            clf = LogisticRegression(C=10).fit(X[known], labels[known])
            accuracies.append(clf.score(X_test, y_test))
        print(f"{strategy!r}: " + ", ".join(f"{100 * accuracy:.0f} %" for accuracy in accuracies))


if __name__ == "__main__":
    main()
