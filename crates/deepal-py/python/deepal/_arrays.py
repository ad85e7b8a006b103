"""Arguments that are arrays: what is found becomes what the engine takes, or an error that names it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from . import _deepal
from ._tables import is_table, rows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Keyword: (axes in letters, type in memory).
SIGNALS: dict[str, tuple[str, str]] = {name: (axes, kind) for name, axes, kind in _deepal.signals()}


class CopyWarning(UserWarning):
    """An array had to be copied: it was not single-precision, contiguous and in the byte order of this machine."""


# DLPack's numbers of the processor, and of its memory that is pinned for CUDA and ROCm.
_IN_MEMORY = (1, 3, 11)


def as_array(name: str, value: ArrayLike) -> NDArray[Any]:
    """The argument as an array of numbers or labels, without a copy where that is possible.

    Parameters
    ----------
    name : str
        What errors call it.
    value : array_like
        An array, a tensor in the memory of the processor, a frame, or nested lists.
    """
    device = getattr(value, "device", None)
    if device is not None and getattr(device, "type", "cpu") not in ("cpu",) and hasattr(value, "cpu"):
        raise TypeError(f"`{name}` is on the device {device}; move it with `.detach().cpu()`")
    if getattr(value, "requires_grad", False) and hasattr(value, "detach"):
        raise TypeError(f"`{name}` is a tensor that requires gradients; give `{name}.detach()`")
    if hasattr(value, "toarray") and hasattr(value, "nnz"):
        raise TypeError(f"`{name}` is a sparse matrix; give `{name}.toarray()`, or fewer features by truncated SVD")
    if hasattr(value, "__dlpack_device__") and cast(Any, value).__dlpack_device__()[0] not in _IN_MEMORY:
        raise TypeError(f"`{name}` is not in the memory of the processor; move it there")
    if is_table(value):
        return rows(name, value)
    if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
        return np.from_dlpack(cast(Any, value))
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"`{name}` must be an array, and its rows have different lengths: {error}") from None
    if bool(np.any(getattr(value, "mask", False))) and np.ma.isMaskedArray(value):
        raise ValueError(f"`{name}` has masked values; fill them first")
    return array


def numbers(name: str, value: ArrayLike, axes: str, kind: str, *, warn: bool = True) -> NDArray[Any]:
    """The argument as a contiguous array of `kind`, which is float32 or float64, with as many axes as `axes` has letters."""
    array = as_array(name, value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"`{name}` must be numbers {axes}, found {found(array)}")
    n_axes = axes.count(",") + 1
    if array.ndim != n_axes:
        raise ValueError(f"`{name}` must be {axes}, found {found(array)}")
    wanted = np.dtype(kind)
    if array.dtype == wanted and array.flags.c_contiguous and array.flags.aligned:
        return array
    # Single-precision probabilities are what nets give, and small.
    expected = kind == "float64" and array.dtype.kind == "f" and array.dtype.isnative
    if warn and not expected:
        warnings.warn(
            f"`{name}` is copied once: found {found(array)}"
            f"{'' if array.flags.c_contiguous else ', not contiguous'}; contiguous {kind} is read where it is",
            CopyWarning,
            stacklevel=4,
        )
    with np.errstate(over="ignore"):
        cast = np.ascontiguousarray(array, dtype=wanted)
    if array.dtype.itemsize > wanted.itemsize and array.dtype.kind == "f":
        lost = np.isinf(cast) & np.isfinite(array)
        if lost.any():
            raise ValueError(f"`{name}` has numbers that {kind} cannot hold, such as {array[lost][0]}")
    return cast


def classes(name: str, value: ArrayLike) -> NDArray[np.uint16]:
    """Classes by number, from 0."""
    array = as_array(name, value)
    if array.dtype.kind not in "iu":
        whole = array.dtype.kind == "f" and array.size > 0 and bool(np.all(array == np.floor(array)))
        if not whole and array.size > 0:
            raise TypeError(
                f"`{name}` must be classes by number, from 0, [m], found {found(array)}; "
                f"`np.unique({name}, return_inverse=True)[1]` numbers names"
            )
    if array.ndim != 1:
        raise ValueError(f"`{name}` must be [m], found {found(array)}")
    wrong = (array < 0) | (array > 65535)
    if wrong.any():
        raise ValueError(f"`{name}` must be from 0 to 65535, found {array[wrong][0]} in row {np.flatnonzero(wrong)[0]}")
    return np.ascontiguousarray(array, dtype=np.uint16)


def signal(name: str, value: ArrayLike, *, warn: bool = True) -> NDArray[Any]:
    """A signal by its keyword, as the engine has it in memory."""
    axes, kind = SIGNALS[name]
    if kind == "uint16":
        return classes(name, value)
    return numbers(name, value, axes, kind, warn=warn)


def found(array: NDArray[Any]) -> str:
    """What an array is, in words."""
    kinds = {"O": "objects", "U": "texts", "S": "bytes", "c": "complex numbers", "b": "true and false"}
    kind = kinds.get(array.dtype.kind, str(array.dtype))
    return f"{kind} {list(array.shape)}"


def whole(name: str, value: Any, least: int) -> int:
    """A whole number that is at least so much."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"`{name}` must be a whole number, found {value!r}")
    number = int(value.__index__())
    if number < least:
        raise ValueError(f"`{name}` must be at least {least}, found {number}")
    return number


def seed(name: str, value: Any) -> int:
    """A seed, of a number or of a generator, or a new one of None."""
    if value is None:
        return int(np.random.default_rng().integers(2**32))
    if isinstance(value, np.random.Generator):
        return int(value.integers(2**32))
    if isinstance(value, np.random.RandomState):
        return int(value.randint(2**31))
    number = whole(name, value, 0)
    if number >= 2**64:
        raise ValueError(f"`{name}` must be below 2**64, found {number}")
    return number


def texts(name: str, value: Sequence[Any] | NDArray[Any], n: int) -> NDArray[Any]:
    """The ids of `n` samples."""
    array = np.asarray(value)
    if array.shape != (n,):
        raise ValueError(f"`{name}` must be [{n}], one for each candidate, found {found(array)}")
    return array
