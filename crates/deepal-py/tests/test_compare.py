"""Studies on arrays: claims, curves, reports, and strategies and nets of one's own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import deepal

BUDGET = dict(initial=6, query=4, rounds=3)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=500)
    X = (1.5 * np.eye(3)[y] + rng.normal(size=(500, 3))).astype(np.float32)
    return X[:300], y[:300], X[300:], y[300:]


@pytest.fixture(scope="module")
def result(data):
    return deepal.compare(*data, strategies=["margin", "random"], seeds=3, **BUDGET)


def test_claims_curves_and_report(result, tmp_path):
    assert result.claims and all(isinstance(claim, str) for claim in result.claims)
    assert result.strategies == ["margin", "random"] and "margin" in str(result)
    curves = result.curves
    assert len(curves["accuracy"]) == 2 * 3 * 4 and set(curves["labels"]) == {6, 10, 14, 18}
    assert ((curves["accuracy"] > 0.3) & (curves["accuracy"] <= 1)).all()
    page = result.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page and "margin" in page
    assert "<svg" in result._repr_html_() and result.claims[0][:20].split("&")[0] in result._repr_html_()
    assert result.penalty.shape == (2, 2)


def test_the_metric_is_what_claims_are_about(data):
    budget = dict(strategies=["random"], seeds=[1], **BUDGET)
    f1 = deepal.compare(*data, metric="macro-f1", **budget)
    assert f1.summary["metric"] == "macro-f1" and "macro-F1" in str(f1)
    assert deepal.compare(*data, **budget).summary["metric"] == "accuracy"


def test_pandas(result):
    pytest.importorskip("pandas")
    table = result.to_pandas()
    means = table.groupby(["strategy", "labels"])["accuracy"].mean()
    summary = {arm["strategy"]: arm for arm in result.summary["tasks"][0]["arms"]}
    for point in summary["margin"]["points"]:
        assert means["margin", point["labels"]] == pytest.approx(point["accuracy"]["value"])


def test_the_same_seeds_give_the_same_curves(data, result):
    again = deepal.compare(*data, strategies=["margin", "random"], seeds=[1, 2, 3], threads=1, **BUDGET)
    order = lambda curves: sorted(zip(*(curves[name].tolist() for name in ("strategy", "seed", "labels", "accuracy"))))
    assert order(again.curves) == order(result.curves)


def test_names_as_labels_and_a_folder_of_ones_own(data, tmp_path):
    X, y, X_test, y_test = data
    names = np.array(["ant", "bee", "cat"])
    result = deepal.compare(X, names[y], X_test, names[y_test], strategies=["random"], seeds=1, out=tmp_path / "run", **BUDGET)
    assert (tmp_path / "run" / "report.html").exists() and (tmp_path / "run" / "results.csv").exists()
    assert len(result.curves["seed"]) == 4
    with pytest.raises(ValueError, match="holds a run already"):
        deepal.compare(X, y, X_test, y_test, strategies=["random"], seeds=1, out=tmp_path / "run", **BUDGET)


def test_a_strategy_of_ones_own_that_is_margin_gives_margins_curve(data, result):
    def own_margin(signals, n, rng):
        ordered = np.sort(signals.probs, axis=1)
        return ordered[:, -2] - ordered[:, -1]

    own = deepal.compare(*data, strategies=[deepal.Custom(own_margin, needs=["probs"]), "random"], seeds=3, **BUDGET)
    assert own.strategies[0] == "own-margin"
    of = lambda curves, name: curves["accuracy"][curves["strategy"] == name].tolist()
    assert sorted(of(own.curves, "own-margin")) == sorted(of(result.curves, "margin"))


def test_objects_with_settings_and_nets_of_the_list(data):
    result = deepal.compare(
        *data, strategies=[deepal.Bald(passes=3), "random"], model="mlp(hidden=8)", seeds=1, initial=10, query=5, rounds=1
    )
    assert result.strategies == ["bald(passes=3)", "random"]


def test_scikit_learn_as_it_is(data):
    model = LogisticRegression(C=10)
    result = deepal.compare(*data, strategies=["badge", "auto", "random"], model=model, seeds=1, initial=10, query=10, rounds=4)
    assert not hasattr(model, "coef_"), "a copy is fitted"
    last = result.curves["labels"] == 50
    X, y, X_test, y_test = data
    whole = LogisticRegression(C=10).fit(X, y).score(X_test, y_test)
    assert (result.curves["accuracy"][last] > whole - 0.15).all()


def test_a_tree_gets_the_seed(data):
    run = lambda: deepal.compare(*data, strategies=["random"], model=DecisionTreeClassifier(), seeds=2, **BUDGET)
    assert run().curves["accuracy"].tolist() == run().curves["accuracy"].tolist()


class Nearest:
    """The class of the nearest mean, with embeddings."""

    embedded = 0

    def fit(self, X, y, n_classes):
        self.means = np.stack([X[y == k].mean(axis=0) if (y == k).any() else np.full(X.shape[1], 1e3) for k in range(n_classes)])

    def predict_proba(self, X):
        scores = -((X[:, None] - self.means) ** 2).sum(axis=2)
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def embed(self, X):
        Nearest.embedded += 1
        return 2 * X


def test_a_class_of_ones_own(data):
    result = deepal.compare(*data, strategies=["badge", "random"], model=Nearest(), seeds=1, **BUDGET)
    assert result.summary["tasks"][0]["net"] == "Nearest" and Nearest.embedded > 0
    assert result.curves["accuracy"].max() > 0.6


def test_pictures_keep_their_shape():
    class Sees(Nearest):
        shapes = set()

        def fit(self, X, y, n_classes):
            Sees.shapes.add(X.shape[1:])
            super().fit(X.reshape(len(X), -1), y, n_classes)

        def predict_proba(self, X):
            return super().predict_proba(X.reshape(len(X), -1))

    rng = np.random.default_rng(0)
    y = np.arange(90) % 2
    X = (rng.normal(size=(90, 1, 4, 5)) + y[:, None, None, None]).astype(np.float32)
    deepal.compare(X[:60], y[:60], X[60:], y[60:], strategies=["random"], model=Sees(), seeds=1, **BUDGET)
    assert Sees.shapes == {(1, 4, 5)}


class Fails(Nearest):
    def fit(self, X, y, n_classes):
        raise ZeroDivisionError("nothing to divide by")


def test_failures_are_named(data):
    with pytest.raises(RuntimeError, match="all 2 jobs failed, the first: .*nothing to divide by"):
        deepal.compare(*data, strategies=["random"], model=Fails(), seeds=2, **BUDGET)

    def fails(signals, n, rng):
        raise KeyError("colour")

    with pytest.warns(UserWarning, match="1 of 2 jobs failed, the first: .*colour"):
        result = deepal.compare(*data, strategies=[deepal.Custom(fails, needs=["probs"]), "random"], seeds=1, **BUDGET)
    assert "random" in result.curves["strategy"]


WRONG = [
    (lambda d: deepal.compare(d[0], d[1][:9], d[2], d[3]), ValueError, r"`y` must be \[300\]"),
    (lambda d: deepal.compare(d[0], d[1], d[2][:, :2], d[3]), ValueError, "`X_test` must have samples of"),
    (lambda d: deepal.compare(d[0], d[1], d[2], d[3].astype(str)), TypeError, "`y_test` must be labels like `y`"),
    (lambda d: deepal.compare(d[0], 0 * d[1], d[2], 0 * d[3]), ValueError, "at least two classes"),
    (lambda d: deepal.compare(d[0], np.where(d[1] == 1, np.nan, d[1]), d[2], d[3]), ValueError, "row .* has none"),
    (lambda d: deepal.compare(*d, strategies=[]), ValueError, "`strategies` must name at least one"),
    (lambda d: deepal.compare(*d, strategies=["bald"]), ValueError, "net `softmax-regression` cannot provide Monte-Carlo"),
    (lambda d: deepal.compare(*d, strategies=["random", "random"]), ValueError, "named twice"),
    (lambda d: deepal.compare(*d, model="mlpp"), ValueError, "did you mean `mlp`"),
    (lambda d: deepal.compare(*d, model=3), TypeError, "have `fit` and `predict_proba`"),
    (lambda d: deepal.compare(*d, model=LogisticRegression), TypeError, "give an object"),
    (lambda d: deepal.compare(*d, initial=10, query=100, rounds=10), ValueError, "the pool has 300 samples"),
    (lambda d: deepal.compare(*d, metric="macro_f1"), ValueError, "did you mean `macro-f1`"),
    (lambda d: deepal.compare(*d, seeds=0), ValueError, "`seeds` must be at least 1"),
    (lambda d: deepal.compare(d[0] * np.nan, *d[1:]), ValueError, "NaN in row 0"),
]


@pytest.mark.parametrize(("call", "kind", "match"), WRONG)
def test_bad_input_is_named(call, kind, match, data):
    with pytest.raises(kind, match=match):
        call(data)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a child")
def test_ctrl_c_stops_within_a_second_and_leaves_no_folder(tmp_path):
    code = (
        "import numpy as np, deepal\n"
        "rng = np.random.default_rng(0); y = rng.integers(10, size=5000)\n"
        "X = rng.normal(size=(5000, 256)).astype(np.float32)\n"
        "print('ready', flush=True)\n"
        "deepal.compare(X, y, X, y, strategies=['badge', 'random'], model='mlp', initial=500, query=200, rounds=20)\n"
    )
    environment = {"TMPDIR": str(tmp_path)}
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    assert child.stdout.readline() == "ready\n"
    time.sleep(3)
    start = time.monotonic()
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert time.monotonic() - start < 2 and "KeyboardInterrupt" in errors, errors
    assert list(tmp_path.iterdir()) == []
