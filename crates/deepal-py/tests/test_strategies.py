"""The classes of strategies: parameters, and `query` in scikit-activeml's order."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

import deepal
from deepal import _deepal, strategies

ENTRIES = {entry["name"]: entry for entry in _deepal.strategies()}
CLASSES = [getattr(strategies, name) for name in strategies.__all__]
# What arrays and a linear classifier suffice for.
BY_ARRAYS = [cls for cls in CLASSES if "net" not in cls.needs]


@pytest.fixture(scope="module")
def pool():
    """200 samples of three blobs, 20 of them labelled, and a classifier fitted on these."""
    rng = np.random.default_rng(3)
    y = np.arange(200) % 3
    X = (2 * np.eye(3)[y] + rng.normal(size=(200, 3))).astype(np.float32)
    known = np.where(np.arange(200) < 20, y, -1)
    return X, known, LogisticRegression().fit(X[:20], y[:20])


def extra(cls, n):
    """Monte-Carlo passes and committees, which a linear classifier has not."""
    probs = np.random.default_rng(5).random((4, n, 3))
    probs /= probs.sum(axis=2, keepdims=True)
    return {name: probs for name in ("mc_probs", "member_probs") if name in cls.needs}


def test_there_is_a_class_for_each_strategy_and_the_file_is_current():
    assert sorted(cls.name for cls in CLASSES) == sorted(ENTRIES)
    source = Path(__file__).parents[1] / "make_strategies.py"
    scope = {"__file__": str(source), "__name__": "make_strategies"}
    exec(compile(source.read_text(encoding="utf-8"), str(source), "exec"), scope)
    file = source.parent / "python" / "deepal" / "strategies.py"
    assert file.read_text(encoding="utf-8") == scope["module"](), "run make_strategies.py"


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.name)
class TestParameters:
    def test_defaults_are_the_engines(self, cls):
        assert cls().spec() == cls.name
        settings = {setting["name"]: setting["default"] for setting in ENTRIES[cls.name]["settings"]}
        given = {name.removesuffix("_"): value for name, value in cls().get_params().items()}
        assert given == {**settings, "random_state": None}

    def test_they_are_set_copied_kept_and_shown(self, cls):
        changed = {name: value + 1 for name, value in cls().get_params().items() if isinstance(value, int)}
        strategy = cls(**changed, random_state=5)
        for other in (clone(strategy), pickle.loads(pickle.dumps(strategy)), cls().set_params(**strategy.get_params())):
            assert type(other) is cls and other.get_params() == strategy.get_params()
        shown = eval(repr(strategy), {cls.__name__: cls})
        assert shown.get_params() == strategy.get_params()
        with pytest.raises(ValueError, match=f"`{cls.__name__}` has no parameter `colour`"):
            strategy.set_params(colour=1)
        with pytest.raises(TypeError):
            cls(1)


def test_settings_out_of_range_are_refused_by_the_engine():
    with pytest.raises(ValueError, match="`bald`: `passes` must be a whole number from 1"):
        deepal.Bald(passes=0).spec()
    with pytest.raises(TypeError, match="`passes` must be a number"):
        deepal.Bald(passes=[1]).spec()
    assert deepal.Bald(passes=np.int64(7)).spec() == "bald(passes=7)"


@pytest.mark.parametrize("cls", BY_ARRAYS, ids=lambda cls: cls.name)
class TestQuery:
    def test_it_picks_unlabelled_samples_and_the_seed_decides(self, cls, pool):
        X, y, clf = pool
        picked = cls(random_state=4).query(X, y, clf, batch_size=7, **extra(cls, 200))
        assert picked.dtype == np.int64 and len(set(picked.tolist())) == 7 and (y[picked] == -1).all()
        again = cls(random_state=4).query(X, y, clf, batch_size=7, **extra(cls, 200))
        np.testing.assert_array_equal(picked, again)

    def test_it_is_select_on_the_same_arrays(self, cls, pool):
        X, y, clf = pool
        free = np.flatnonzero(y == -1)
        passes = {name: array[:, free] for name, array in extra(cls, 200).items()}
        given = dict(
            embeddings=X[free], probs=clf.predict_proba(X[free]), labeled_embeddings=X[:20], labels=y[:20], features=X[free]
        )
        given.update(
            labeled_features=X[:20],
            labeled_probs=clf.predict_proba(X[:20]),
            head=(np.ascontiguousarray(clf.coef_, np.float32), clf.intercept_.astype(np.float32)),
            **passes,
        )
        picks = deepal.select(6, strategy=cls(), seed=9, **given)
        np.testing.assert_array_equal(cls(random_state=9).query(X, y, clf, batch_size=6, **extra(cls, 200)), free[picks])

    def test_candidates_by_row_and_by_sample(self, cls, pool):
        X, y, clf = pool
        rows = np.arange(30, 90)
        by_row = cls(random_state=1).query(X, y, clf, candidates=rows, batch_size=5, **extra(cls, 200))
        assert set(by_row) <= set(rows)
        passes = {name: array[:, rows] for name, array in extra(cls, 200).items()}
        by_sample = cls(random_state=1).query(X, y, clf, candidates=X[rows], batch_size=5, **passes)
        np.testing.assert_array_equal(rows[by_sample], by_row)

    def test_utilities(self, cls, pool):
        X, y, clf = pool
        picked, utilities = cls(random_state=1).query(
            X, y, clf, batch_size=4, return_utilities=True, **extra(cls, 200)
        )
        assert utilities.shape == (4, 200) and np.isnan(utilities[:, y != -1]).all()
        for at, row in enumerate(picked):
            assert np.isnan(utilities[at, picked[:at]]).all()
            assert utilities[at, row] == np.nanmax(utilities[at])
            assert np.isfinite(utilities[at]).sum() == 180 - at


class Counting(LogisticRegression):
    """Tells how often it is fitted."""

    fits = 0

    def fit(self, X, y):
        type(self).fits += 1
        return super().fit(X, y)


def test_the_classifier_is_never_fitted(pool):
    X, y, _ = pool
    clf = Counting().fit(X[:20], y[:20])
    for cls in (deepal.Margin, deepal.Auto, deepal.Bait):
        cls().query(X, y, clf)
    assert Counting.fits == 1


@pytest.mark.parametrize(
    "missing",
    [
        lambda y: np.where(y == -1, np.nan, y),
        lambda y: np.array([None if label == -1 else label for label in y], dtype=object),
        lambda y: [None if label == -1 else int(label) for label in y],
    ],
    ids=["nan", "none", "list"],
)
def test_missing_labels_in_any_form_are_the_same(missing, pool):
    X, y, clf = pool
    for cls in (deepal.Margin, deepal.Auto):
        expected = cls(random_state=1).query(X, y, clf, batch_size=5)
        np.testing.assert_array_equal(cls(random_state=1).query(X, missing(y), clf, batch_size=5), expected)


def test_names_and_gaps_in_labels_are_the_classifiers(pool):
    X, y, clf = pool
    for names in (np.array(["ant", "bee", "cat"], dtype=object), np.array([3, 10, 700], dtype=object)):
        labels = np.array([None if label == -1 else names[label] for label in y], dtype=object)
        known = labels[:20].astype(str if isinstance(names[0], str) else int)
        named = LogisticRegression().fit(X[:20], known)
        for cls in (deepal.Auto, deepal.ProbCover):
            np.testing.assert_array_equal(
                cls(random_state=1).query(X, labels, named, batch_size=5), cls(random_state=1).query(X, y, clf, batch_size=5)
            )


def test_the_first_labels_need_no_classifier(pool):
    X, _, _ = pool
    picked = deepal.Auto(random_state=1).query(X, np.full(200, np.nan), batch_size=6)
    np.testing.assert_array_equal(picked, deepal.select(6, embeddings=X).indices)


class Embedding:
    """A classifier as scikit-activeml's with embeddings."""

    classes_ = np.arange(3)

    def __init__(self, clf):
        self.clf = clf

    def predict_proba(self, X, return_embeddings=False):
        probs = self.clf.predict_proba(X)
        return (probs, X[:, :2] * 3) if return_embeddings else probs


def test_embeddings_of_the_classifier_are_used(pool):
    X, y, clf = pool
    expected = deepal.Badge(random_state=1).query(X, y, clf, batch_size=5, embeddings=np.ascontiguousarray(X[:, :2] * 3))
    np.testing.assert_array_equal(deepal.Badge(random_state=1).query(X, y, Embedding(clf), batch_size=5), expected)


def test_a_generator_moves_on_and_none_is_new_each_time(pool):
    X, y, _ = pool
    for state in (np.random.default_rng(0), np.random.RandomState(0), None):
        strategy = deepal.Random(random_state=state)
        assert strategy.query(X, y, batch_size=20).tolist() != strategy.query(X, y, batch_size=20).tolist()


X4, Y4 = np.eye(4, dtype=np.float32), np.array([0, 1, -1, -1])
WRONG = [
    (lambda: deepal.Margin().query(X4, Y4), "strategy `margin` looks at `probs`.*give a fitted `clf`"),
    (lambda: deepal.Bald().query(X4, Y4), "`mc_probs`"),
    (lambda: deepal.Bim().query(X4, Y4), "attacks a net"),
    (lambda: deepal.Random().query(X4, [0, 1]), r"`y` must be \[4\]"),
    (lambda: deepal.Random().query(X4, [0, 1, 0, 1]), "there is no candidate"),
    (lambda: deepal.Random().query(X4, Y4, candidates=[4]), "rows below 4, found 4"),
    (lambda: deepal.Random().query(X4, Y4, candidates=[2, 2]), "named twice"),
    (lambda: deepal.Random().query(X4, Y4, candidates=[0.5]), "as integers"),
    (lambda: deepal.Random().query(X4, Y4, candidates=[[1.0, 2.0]]), r"\[k, 4\] like `X`"),
    (lambda: deepal.Random().query(X4, Y4, batch_size=0), "`batch_size` must be at least 1"),
    (lambda: deepal.Random().query(X4, Y4, colour=[1]), "unexpected keyword argument 'colour'"),
    (lambda: deepal.Margin().query(X4, Y4, probs=[[0.5, 0.5]]), "with 4 rows, one for each sample of `X`"),
    (lambda: deepal.Random().query(np.full((4, 2), np.nan), Y4), "NaN in row 0"),
]


@pytest.mark.parametrize(("call", "match"), WRONG)
def test_bad_input_is_named(call, match):
    with pytest.raises((ValueError, TypeError), match=match):
        call()


def test_more_than_there_are_is_all_with_a_warning():
    with pytest.warns(UserWarning, match="`batch_size` is 9, and there are 2 candidates"):
        assert sorted(deepal.Random().query(X4, Y4, batch_size=9)) == [2, 3]


class TestCustom:
    def test_scores_and_rows(self, pool):
        X, y, clf = pool
        by_scores = deepal.Custom(lambda s, n, rng: -s.probs.max(axis=1), needs=["probs"])
        expected = deepal.LeastConfidence().query(X, y, clf, batch_size=5)
        np.testing.assert_array_equal(by_scores.query(X, y, clf, batch_size=5), expected)
        by_rows = deepal.Custom(lambda s, n, rng: np.argsort(s.probs.max(axis=1), kind="stable")[:n], needs="probs")
        np.testing.assert_array_equal(by_rows.query(X, y, clf, batch_size=5), expected)

    def test_chance_comes_from_the_seed(self, pool):
        X, y, _ = pool
        shuffled = deepal.Custom(lambda s, n, rng: rng.permutation(s.n)[:n], needs=["embeddings"])
        one, same, other = (clone(shuffled).set_params(random_state=k).query(X, y, batch_size=9) for k in (1, 1, 2))
        assert one.tolist() == same.tolist() != other.tolist()

    @pytest.mark.parametrize(
        ("f", "match"),
        [
            (lambda s, n, rng: [0, 0], "must give 2 distinct rows below 4"),
            (lambda s, n, rng: [0], "must give 2 distinct rows"),
            (lambda s, n, rng: [0, 4], "below 4, found"),
            (lambda s, n, rng: np.ones(3), "a score for each of 4 candidates"),
            (lambda s, n, rng: np.full(4, np.nan), "not finite in row 0"),
            (lambda s, n, rng: ["a", "b"], "rows as integers or scores as floats"),
            (lambda s, n, rng: s.embeddings, "no signal `embeddings` was asked for"),
        ],
    )
    def test_wrong_answers_are_named(self, f, match):
        with pytest.raises((ValueError, TypeError, AttributeError), match=match):
            deepal.select(2, strategy=deepal.Custom(f, needs=["probs"]), probs=np.full((4, 2), 0.5))

    def test_what_it_raises_comes_out_as_it_is(self):
        class Own(Exception):
            pass

        def fails(signals, n, rng):
            raise Own("here")

        with pytest.raises(Own, match="here"):
            deepal.select(2, strategy=deepal.Custom(fails, needs=["probs"]), probs=np.full((4, 2), 0.5))

    def test_unknown_needs_are_refused(self):
        with pytest.raises(ValueError, match="`needs` must be of probs"):
            deepal.select(1, strategy=deepal.Custom(len, needs=["colour"]), probs=[[1.0]])
