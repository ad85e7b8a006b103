"""The strategies as classes of scikit-activeml, which this module needs: `from deepal.skactiveml import Margin`.

Each inherits `SingleAnnotatorPoolQueryStrategy` and takes the settings of the class of the same name in `deepal`, `missing_label` and
`random_state`. `query` never fits the classifier.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from skactiveml.base import SingleAnnotatorPoolQueryStrategy
from skactiveml.utils import MISSING_LABEL, is_labeled

from . import strategies as _strategies
from ._query import query as _query

__all__ = [name for name in _strategies.__all__]


class _Adapter(SingleAnnotatorPoolQueryStrategy):
    """A strategy of deepal for scikit-activeml."""

    _strategy: type

    def query(
        self,
        X: Any,
        y: Any,
        clf: Any = None,
        candidates: Any = None,
        batch_size: int = 1,
        return_utilities: bool = False,
        **signals: Any,
    ) -> Any:
        """Pick samples to label next.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            All samples, labelled or not.
        y : array-like of shape (n_samples,)
            Their labels, `missing_label` where there is none.
        clf : object, default=None
            A fitted classifier with `predict_proba`; it is not fitted again.
        candidates : None or array-like of shape (n_candidates,) or (n_candidates, n_features), default=None
            Rows of `X`, or samples; by default the samples without label.
        batch_size : int, default=1
            How many to pick.
        return_utilities : bool, default=False
            Give utilities too.
        **signals : array-like
            Signals in the place of what `clf` gives; see `deepal.Strategy.query`.

        Returns
        -------
        query_indices : ndarray of shape (batch_size,)
            Rows of `X`, or of the candidates if these are samples.
        utilities : ndarray of shape (batch_size, n_samples) or (batch_size, n_candidates)
            Only with `return_utilities`.
        """
        X, y, candidates, batch_size, return_utilities = self._validate_data(
            X, y, candidates, batch_size, return_utilities, reset=True
        )
        settings = {name: getattr(self, name) for name in _settings(type(self)._strategy)}
        # A copy of the state: the next call with the same number of labels picks the same.
        strategy = type(self)._strategy(**settings, random_state=self.random_state_)
        labeled = is_labeled(y, missing_label=self.missing_label_)
        return _query(
            strategy, X, y, clf, candidates, batch_size, return_utilities, None, signals, is_labeled=np.asarray(labeled)
        )


def _settings(strategy: type) -> dict[str, inspect.Parameter]:
    parameters = dict(inspect.signature(strategy.__init__).parameters)
    return {name: parameter for name, parameter in parameters.items() if name not in ("self", "random_state")}


def _adapter(name: str) -> type:
    """The class for scikit-activeml, with the settings in the signature, from which scikit-learn reads them."""
    strategy = getattr(_strategies, name)
    settings = _settings(strategy)

    def __init__(self, **params: Any) -> None:  # noqa: N807
        bound = __init__.__signature__.bind(self, **params)  # type: ignore[attr-defined]
        bound.apply_defaults()
        for parameter, value in list(bound.arguments.items())[1:]:
            setattr(self, parameter, value)

    own = [
        inspect.Parameter("missing_label", inspect.Parameter.KEYWORD_ONLY, default=MISSING_LABEL),
        inspect.Parameter("random_state", inspect.Parameter.KEYWORD_ONLY, default=None),
    ]
    this = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    __init__.__signature__ = inspect.Signature([this, *settings.values(), *own])  # type: ignore[attr-defined]
    names = {"__init__": __init__, "__doc__": strategy.__doc__, "__module__": __name__, "_strategy": strategy}
    return type(name, (_Adapter,), names)


globals().update({name: _adapter(name) for name in __all__})
