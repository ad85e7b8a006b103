"""The contract that scikit-activeml's template tests check of a pool strategy."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pytest
from sklearn.base import clone

pytest.importorskip("skactiveml")
from skactiveml.base import SingleAnnotatorPoolQueryStrategy  # noqa: E402
from skactiveml.classifier import ParzenWindowClassifier  # noqa: E402
from skactiveml.utils import MISSING_LABEL  # noqa: E402

import deepal  # noqa: E402
from deepal import skactiveml as adapter  # noqa: E402

ALL = [getattr(adapter, name) for name in adapter.__all__]
BY_ARRAYS = [cls for cls in ALL if not cls._strategy.needs & {"net", "mc_probs", "member_probs", "head_weights", "head_biases"}]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    X = 2 * np.eye(3)[y] + rng.normal(size=(60, 3))
    known = np.where(np.arange(60) < 12, y, np.nan)
    clf = ParzenWindowClassifier(classes=[0, 1, 2], random_state=0).fit(X, known)
    return X, known, clf


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
class TestParameters:
    def test_init(self, cls):
        assert issubclass(cls, SingleAnnotatorPoolQueryStrategy)
        names = list(inspect.signature(cls.__init__).parameters)
        assert names[-2:] == ["missing_label", "random_state"]
        strategy = cls()
        assert strategy.missing_label is MISSING_LABEL and strategy.random_state is None
        # No work in the constructor: parameters are what was given.
        odd = object()
        assert cls(random_state=odd).random_state is odd

    def test_clone_and_pickle(self, cls):
        strategy = cls(random_state=3, missing_label=-1)
        for other in (clone(strategy), pickle.loads(pickle.dumps(strategy))):
            assert type(other) is cls and other.get_params() == strategy.get_params()

    def test_query_has_the_order_of_arguments(self, cls):
        names = list(inspect.signature(cls.query).parameters)
        assert names[:3] == ["self", "X", "y"] and {"candidates", "batch_size", "return_utilities"} <= set(names)


@pytest.mark.parametrize("cls", BY_ARRAYS, ids=lambda cls: cls.__name__)
class TestQuery:
    def test_candidates_none_rows_and_samples(self, cls, data):
        X, y, clf = data
        picked, utilities = cls(random_state=1).query(X, y, clf, return_utilities=True)
        assert picked.shape == (1,) and utilities.shape == (1, 60)
        assert np.isnan(utilities[:, :12]).all() and np.isfinite(utilities[:, 12:]).all()
        rows = [20, 30, 40, 50]
        picked, utilities = cls(random_state=1).query(X, y, clf, candidates=rows, return_utilities=True)
        assert picked[0] in rows and np.isfinite(utilities).sum() == 4
        samples, utilities = cls(random_state=1).query(X, y, clf, candidates=X[rows], return_utilities=True)
        assert utilities.shape == (1, 4) and rows[samples[0]] == picked[0]

    def test_batch_sizes(self, cls, data):
        X, y, clf = data
        for batch_size in (1, 3, 48):
            picked, utilities = cls(random_state=1).query(X, y, clf, batch_size=batch_size, return_utilities=True)
            assert len(np.unique(picked)) == batch_size and utilities.shape == (batch_size, 60)
            for at in range(batch_size):
                assert np.isnan(utilities[at, picked[:at]]).all()
        with pytest.warns(UserWarning, match="batch_size"):
            assert len(cls(random_state=1).query(X, y, clf, batch_size=61)) == 48
        for wrong in (0, -1, 1.5, "1"):
            with pytest.raises((ValueError, TypeError)):
                cls().query(X, y, clf, batch_size=wrong)

    def test_random_states(self, cls, data):
        X, y, clf = data
        strategy = cls(random_state=np.random.RandomState(5))
        first = strategy.query(X, y, clf, batch_size=6)
        np.testing.assert_array_equal(first, cls(random_state=np.random.RandomState(5)).query(X, y, clf, batch_size=6))
        fixed = cls(random_state=5)
        np.testing.assert_array_equal(fixed.query(X, y, clf, batch_size=6), fixed.query(X, y, clf, batch_size=6))

    def test_missing_labels(self, cls, data):
        X, y, clf = data
        numbered = np.where(np.isnan(y), -7, y).astype(int)
        other = ParzenWindowClassifier(classes=[0, 1, 2], missing_label=-7, random_state=0).fit(X, numbered)
        one = cls(random_state=1).query(X, y, clf, batch_size=4)
        two = cls(random_state=1, missing_label=-7).query(X, numbered, other, batch_size=4)
        np.testing.assert_array_equal(one, two)
        with pytest.raises((ValueError, TypeError)):
            cls(missing_label="none").query(X, y, clf)

    def test_wrong_arguments(self, cls, data):
        X, y, clf = data
        for wrong in (dict(X="x"), dict(X=X[:5]), dict(y=y[:5]), dict(candidates=[60]), dict(candidates="x"), dict(return_utilities=None)):
            given = {"X": X, "y": y, "clf": clf, **wrong}
            with pytest.raises((ValueError, TypeError)):
                cls().query(**given)

    def test_the_classifier_stays_as_it_is(self, cls, data):
        X, y, clf = data
        before = pickle.dumps(clf)
        cls(random_state=1).query(X, y, clf, batch_size=2)
        assert pickle.dumps(clf) == before


def test_it_needs_a_fitted_classifier(data):
    X, y, _ = data
    with pytest.raises(Exception, match="fit"):
        adapter.Margin().query(X, y, _Unfitted())
    with pytest.raises(ValueError, match="give a fitted `clf`"):
        adapter.Margin().query(X, y)


class _Unfitted:
    def predict_proba(self, X):
        from sklearn.exceptions import NotFittedError

        raise NotFittedError("this one was not fitted")


def test_picks_are_those_of_the_class_of_the_same_name(data):
    X, y, clf = data
    expected = deepal.Margin().query(X, y, clf, batch_size=5)
    np.testing.assert_array_equal(adapter.Margin(random_state=1).query(X, y, clf, batch_size=5), expected)
