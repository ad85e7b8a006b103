"""Deep active learning: a good classifier for the fewest labels.

`select` picks rows of arrays; the classes of strategies, such as `Margin`, have scikit-activeml's `query`; `compare` says which strategy
saves labels; `open` reads folders and tables; `ActiveLearner` is a labelling project. `deepal.skactiveml` has the strategies as classes of
scikit-activeml, `deepal.torch.signals` gives what a net of PyTorch makes of samples.

Nothing is loaded before it is used, not even NumPy.
"""

from __future__ import annotations

# What type checkers take for true; `typing` itself takes longer to load than all of this.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import strategies as strategies, torch as torch
    from ._arrays import CopyWarning as CopyWarning
    from ._compare import Comparison as Comparison, compare as compare
    from ._learner import ActiveLearner as ActiveLearner
    from ._list import list_nets as list_nets, list_strategies as list_strategies
    from ._questions import Accuracy as Accuracy, Questions as Questions, Status as Status
    from ._select import select as select
    from ._selection import Selection as Selection
    from ._source import Source as Source, open as open
    from ._strategy import Custom as Custom, Signals as Signals, Strategy as Strategy
    from .strategies import *

_MODULES = {
    "CopyWarning": "_arrays",
    "Comparison": "_compare",
    "compare": "_compare",
    "Accuracy": "_questions",
    "ActiveLearner": "_learner",
    "Questions": "_questions",
    "Status": "_questions",
    "list_nets": "_list",
    "list_strategies": "_list",
    "select": "_select",
    "Selection": "_selection",
    "Source": "_source",
    "open": "_source",
    "Custom": "_strategy",
    "Signals": "_strategy",
    "Strategy": "_strategy",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name.startswith("_"):
        raise AttributeError(f"module 'deepal' has no attribute {name!r}")
    if name in ("strategies", "skactiveml", "torch"):
        return import_module(f".{name}", __name__)
    module = import_module(f".{_MODULES.get(name, 'strategies')}", __name__)
    if not hasattr(module, name):
        raise AttributeError(f"module 'deepal' has no attribute {name!r}")
    found = globals()[name] = getattr(module, name)
    return found


def __dir__() -> list[str]:
    from .strategies import __all__ as names

    return sorted([*_MODULES, *names, "skactiveml", "strategies", "torch"])
