"""Nets of one's own: objects with `fit` and `predict_proba`, scikit-learn's classifiers as they are."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from ._arrays import found, numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

OwnNet = tuple[str, Callable[..., Any], Callable[..., Any], "Callable[..., Any] | None"]


def own_net(model: Any) -> OwnNet:
    """The name of a net, and the functions that the engine calls."""
    if isinstance(model, type):
        raise TypeError(f"`model` is the class {model.__name__}; give an object: `{model.__name__}()`")
    lacking = [method for method in ("fit", "predict_proba") if not callable(getattr(model, method, None))]
    if lacking:
        raise TypeError(f"`model` must be a name or have `fit` and `predict_proba`, and {type(model).__name__} lacks `{lacking[0]}`")

    def fit(X: NDArray[np.float32], y: NDArray[np.int64], n_classes: int, seed: int) -> Any:
        return _fit(model, X, y, n_classes, seed)

    return type(model).__name__, fit, _predict, _embed if callable(getattr(model, "embed", None)) else None


class _Constant:
    """Stands for a classifier while there is one class alone, which many classifiers refuse."""

    def __init__(self, label: int) -> None:
        self.classes_ = np.array([label])

    def predict_proba(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.ones((len(X), 1))

    def embed(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.reshape(X, (len(X), -1))


def _fit(model: Any, X: NDArray[np.float32], y: NDArray[np.int64], n_classes: int, seed: int) -> Any:
    """A copy of the model, fitted."""
    classes = np.unique(y)
    if len(classes) == 1:
        return _Constant(int(classes[0]))
    net = _copy(model)
    if hasattr(net, "get_params") and "random_state" in net.get_params(deep=False):
        net.set_params(random_state=seed % 2**32)
    parameters = inspect.signature(net.fit).parameters
    own = {"n_classes": n_classes, "seed": seed}
    net.fit(X, y, **{name: value for name, value in own.items() if name in parameters})
    if not hasattr(net, "classes_"):
        # One that says nothing of its classes has all of them, or those that it was shown.
        net = _Shown(net, classes)
    return net


class _Shown:
    """A fitted net with the classes that it was shown."""

    def __init__(self, net: Any, classes: NDArray[np.int64]) -> None:
        self.net, self.classes_ = net, classes

    def predict_proba(self, X: NDArray[np.float32]) -> Any:
        return self.net.predict_proba(X)

    def embed(self, X: NDArray[np.float32]) -> Any:
        return self.net.embed(X)


def _copy(model: Any) -> Any:
    """A new model with the same parameters."""
    if hasattr(model, "get_params") and hasattr(model, "set_params"):
        try:
            return import_module("sklearn.base").clone(model)
        except ImportError:
            pass
    return copy.deepcopy(model)


def _predict(net: Any, X: NDArray[np.float32], n_classes: int) -> NDArray[np.float64]:
    """Probabilities of all classes, 0 for those that the net has not seen."""
    name = "predict_proba(X)"
    probs = numbers(name, net.predict_proba(X), "[n, c]", "float64", warn=False)
    classes = np.asarray(net.classes_)
    if probs.shape == (len(X), n_classes):
        return probs
    if probs.shape != (len(X), len(classes)):
        raise ValueError(f"`{name}` must be [{len(X)}, {n_classes}], found {found(probs)}")
    everything = np.zeros((len(X), n_classes))
    everything[:, classes.astype(int)] = probs
    return everything


def _embed(net: Any, X: NDArray[np.float32]) -> NDArray[np.float32]:
    return numbers("embed(X)", net.embed(X), "[n, d]", "float32", warn=False)
