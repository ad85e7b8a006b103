"""What there is."""

from __future__ import annotations

from typing import Any

from . import _deepal


def list_strategies() -> list[dict[str, Any]]:
    """All strategies: name, summary, details, source, settings, and the signals that each looks at.

    Examples
    --------
    >>> import deepal
    >>> [entry["name"] for entry in deepal.list_strategies()][:3]
    ['auto', 'auto-lite', 'random']
    """
    return _deepal.strategies()


def list_nets() -> list[dict[str, Any]]:
    """All nets that `compare` knows by name: name, summary and settings.

    Examples
    --------
    >>> import deepal
    >>> "mlp" in [entry["name"] for entry in deepal.list_nets()]
    True
    """
    return _deepal.nets()
