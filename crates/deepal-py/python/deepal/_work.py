"""What is heard during long work."""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Any

logger = logging.getLogger("deepal")


class Hear:
    """Notes go to the logger `deepal`, warnings to `warnings`, and counted work to tqdm where it is installed and stderr is a terminal.

    Parameters
    ----------
    rounds : int
        How many rounds there will be, of a study.
    """

    def __init__(self, rounds: int = 0) -> None:
        self._rounds = rounds
        self._bar: Any = None
        self._what = ""

    def __call__(self, kind: str, text: str, done: int, total: int) -> None:
        """Hear of a note, a warning, progress or a finished round."""
        if kind == "note":
            logger.info("%s", text)
        elif kind == "warning":
            warnings.warn(text, UserWarning, stacklevel=3)
        elif kind == "round" and self._rounds:
            self._show("rounds", None, self._rounds)
        elif kind == "progress":
            self._show(text, done, total)

    def _show(self, what: str, done: int | None, total: int) -> None:
        if self._bar is None or self._what != what:
            self.close()
            self._what, self._bar = what, _bar(what, total)
        if self._bar:
            self._bar.update(1 if done is None else done - self._bar.n)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar:
            self._bar.close()
        self._bar = None

    def __enter__(self) -> Hear:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _bar(what: str, total: int) -> Any:
    """A bar, or False."""
    if not sys.stderr.isatty():
        return False
    try:
        from tqdm.auto import tqdm  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return False
    return tqdm(desc=what, total=total, leave=False)
