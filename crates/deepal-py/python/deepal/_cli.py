"""The program `deepal` of the wheel."""

from __future__ import annotations

import signal
import sys

from . import _deepal


def main() -> None:
    """Run the program with the arguments of this process, and leave with its exit code."""
    # Python's own handler would only run after the program.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(_deepal.main(["deepal", *sys.argv[1:]]))
