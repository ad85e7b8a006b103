"""Strategies as objects: settings, parameters, and how the engine is told of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from . import _deepal
from ._arrays import SIGNALS, found, whole

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self


class Strategy:
    """A rule that says which candidates are worth a label. There is a class for each strategy of the engine's list.

    Attributes
    ----------
    name : str
        Its name, as on the command line.
    needs : iterable of str
        The signals that it looks at, by keyword of `deepal.select`.
    wants : iterable of str
        Signals that it uses if they are there.
    starts_cold : bool
        Whether it can pick while nothing is labelled.
    """

    name: str = ""
    needs: Iterable[str] = frozenset()
    wants: Iterable[str] = frozenset()
    starts_cold: bool = False

    random_state: Any

    @classmethod
    def _parameters(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Its parameters by name, as scikit-learn asks for them.

        Parameters
        ----------
        deep : bool, default=True
            Without effect: no parameter has parameters.
        """
        return {name: getattr(self, name) for name in self._parameters()}

    def set_params(self, **params: Any) -> Self:
        """Change parameters.

        Raises
        ------
        ValueError
            A name that is no parameter.
        """
        known = self._parameters()
        for name, value in params.items():
            if name not in known:
                raise ValueError(f"`{type(self).__name__}` has no parameter `{name}`; it has {', '.join(known)}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        parameters = inspect.signature(type(self).__init__).parameters
        changed = [
            f"{name}={value!r}" for name, value in self.get_params().items() if value is not parameters[name].default
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def spec(self) -> str:
        """The name with the settings that differ from the defaults, as the program writes it.

        Raises
        ------
        ValueError
            A setting out of range.

        Examples
        --------
        >>> import deepal
        >>> deepal.Bald(passes=50).spec()
        'bald(passes=50)'
        """
        settings = [
            f"{name.removesuffix('_')}={_value(name, value)}" for name, value in self.get_params().items() if name != "random_state"
        ]
        return _deepal.canonical(f"{self.name}({', '.join(settings)})" if settings else self.name)

    @overload
    def query(
        self,
        X: ArrayLike,
        y: ArrayLike,
        clf: Any = None,
        *,
        candidates: ArrayLike | None = None,
        batch_size: int = 1,
        return_utilities: Literal[False] = False,
        threads: int | None = None,
        **signals: ArrayLike,
    ) -> NDArray[np.int64]: ...
    @overload
    def query(
        self,
        X: ArrayLike,
        y: ArrayLike,
        clf: Any = None,
        *,
        candidates: ArrayLike | None = None,
        batch_size: int = 1,
        return_utilities: Literal[True],
        threads: int | None = None,
        **signals: ArrayLike,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]: ...
    def query(
        self,
        X: ArrayLike,
        y: ArrayLike,
        clf: Any = None,
        *,
        candidates: ArrayLike | None = None,
        batch_size: int = 1,
        return_utilities: bool = False,
        threads: int | None = None,
        **signals: ArrayLike,
    ) -> NDArray[np.int64] | tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Pick samples of `X` to label next. The order of arguments is that of scikit-activeml; `clf` is never fitted.

        Parameters
        ----------
        X : array_like, shape (n, d)
            All samples, labelled or not.
        y : array_like, shape (n,)
            Their labels; NaN, -1 or None where there is none.
        clf : object, optional
            A fitted classifier with `predict_proba`. If that takes `return_embeddings`, it is asked for embeddings too; else `X` stands
            for them.
        candidates : array_like, optional
            Rows of `X`, shape (k,), or samples, shape (k, d); by default the samples without label.
        batch_size : int, default=1
            How many to pick.
        return_utilities : bool, default=False
            Give utilities too.
        threads : int, optional
            How many threads to use; as many as there are cores by default.
        **signals : array_like
            Signals by keyword of `deepal.select`, a row for each sample of `X` (for each of the candidates if these are samples), in the
            place of what `clf` gives: `probs`, `mc_probs`, `member_probs`, `embeddings`, `features`; and `head_weights`, `head_biases`.

        Returns
        -------
        indices : ndarray of int64, shape (batch_size,)
            Rows of `X`, or of the candidates if these are samples, in pick order.
        utilities : ndarray of float64, shape (batch_size, n) or (batch_size, k)
            Only with `return_utilities`: for each pick the scores of what could be picked, NaN elsewhere. Of a strategy that does not
            rank, 1 for what it picked and 0 for others.

        Examples
        --------
        >>> import numpy as np, deepal
        >>> X = np.array([[0.0], [1.0], [2.0], [3.0]], dtype=np.float32)
        >>> probs = [[0.9, 0.1], [0.6, 0.4], [0.5, 0.5], [0.1, 0.9]]
        >>> deepal.Margin().query(X, [0, -1, -1, 1], probs=probs, batch_size=2)
        array([2, 1])
        """
        from ._query import query

        return query(self, X, y, clf, candidates, batch_size, return_utilities, threads, signals)


@dataclass(frozen=True)
class Signals:
    """What a strategy of one's own is handed: arrays about the candidates, by the keywords of `deepal.select`.

    Attributes
    ----------
    n : int
        How many candidates there are.
    arrays : mapping of str to ndarray
        The arrays by keyword; each is an attribute too.
    """

    n: int
    arrays: Mapping[str, NDArray[Any]]

    def __getattr__(self, name: str) -> NDArray[Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self.arrays[name]
        except KeyError:
            has = ", ".join(self.arrays) or "none"
            raise AttributeError(f"no signal `{name}` was asked for; name it in `needs`. There are: {has}") from None


class Custom(Strategy):
    """A strategy of one's own, which takes part in `select`, `query` and `compare`.

    Parameters
    ----------
    f : callable
        A function of `(signals, n, rng)`: `Signals`, how many to pick, and a NumPy generator, from which all that is random must come.
        It gives `n` distinct rows in pick order as integers, or a score for each candidate as floats; the highest are labelled first.
    needs : iterable of str
        The signals that it looks at.
    passes : int, default=10
        How many Monte-Carlo passes it wants, if it needs `mc_probs`.
    name : str, default=""
        What it is called in results; the name of the function by default.
    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`.

    Examples
    --------
    >>> import numpy as np, deepal
    >>> def half_sure(signals, n, rng):
    ...     return -abs(signals.probs.max(axis=1) - 0.5)
    >>> deepal.select(1, strategy=deepal.Custom(half_sure, needs=["probs"]), probs=[[0.9, 0.1], [0.5, 0.5]])
    Selection([1], n=1, strategy='half-sure', seed=1)
    """

    def __init__(
        self,
        f: Callable[[Signals, int, np.random.Generator], ArrayLike],
        needs: Iterable[str],
        *,
        passes: int = 10,
        name: str = "",
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        self.f = f
        self.needs = needs
        self.passes = passes
        self.name = name
        self.random_state = random_state

    def spec(self) -> str:
        """Its name."""
        name = self.name or getattr(self.f, "__name__", type(self.f).__name__).replace("_", "-")
        return "custom" if "lambda" in name else name

    def own(self) -> tuple[Callable[..., Any], list[str], int]:
        """What the engine calls, the signals that it hands in, and Monte-Carlo passes."""
        if not callable(self.f):
            raise TypeError(f"`f` must be a function of (signals, n, rng), found {type(self.f).__name__}")
        needs: list[str] = [self.needs] if isinstance(self.needs, str) else list(self.needs)
        for need in needs:
            if need not in SIGNALS:
                raise ValueError(f"`needs` must be of {', '.join(SIGNALS)}, found {need!r}")
        return self._call, needs, whole("passes", self.passes, 1)

    def _call(self, arrays: dict[str, NDArray[Any]], candidates: int, n: int, seed: int) -> Any:
        name = self.spec()
        answer = np.asarray(self.f(Signals(candidates, arrays), n, np.random.default_rng(seed)))
        if answer.dtype.kind == "f":
            if answer.shape != (candidates,):
                raise ValueError(f"`{name}` must give a score for each of {candidates} candidates, found {found(answer)}")
            if not np.isfinite(answer).all():
                raise ValueError(f"`{name}` gave a score that is not finite in row {np.flatnonzero(~np.isfinite(answer))[0]}")
            return np.ascontiguousarray(answer, dtype=np.float64)
        if answer.dtype.kind not in "iu" or answer.ndim != 1:
            raise TypeError(f"`{name}` must give rows as integers or scores as floats, found {found(answer)}")
        wanted = min(n, candidates)
        rows: list[int] = answer.tolist()
        if len(set(rows)) != wanted or len(rows) != wanted or not all(0 <= row < candidates for row in rows):
            raise ValueError(f"`{name}` must give {wanted} distinct rows below {candidates}, found {rows[:10]}")
        return rows


def text_of(strategy: Any) -> str:
    """The strategy with its settings as the engine reads it."""
    if isinstance(strategy, str):
        return _deepal.canonical(strategy)
    if isinstance(strategy, Strategy):
        return strategy.spec()
    if isinstance(strategy, type) and issubclass(strategy, Strategy):
        raise TypeError(f"`strategy` is the class {strategy.__name__}; give an object: `{strategy.__name__}()`")
    raise TypeError(f"`strategy` must be a name or a strategy, found {strategy!r}")


def _value(name: str, value: Any) -> str:
    """A setting as the engine reads it."""
    if isinstance(value, (bool, str)):
        return str(value).lower()
    try:
        return repr(int(value.__index__())) if hasattr(value, "__index__") else repr(float(value))
    except (TypeError, ValueError):
        raise TypeError(f"`{name}` must be a number, found {value!r}") from None
