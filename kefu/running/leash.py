"""Start a program that dies with its parent: `python leash.py SIGNAL PROGRAM [ARGUMENT ...]`.

Run as a file, not as a module, so that nothing has to be importable and it costs
no more than the start of an interpreter. Only Linux can do it; elsewhere the
program is started as it is.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def leashed(command: list[str], on_parent_death: signal.Signals) -> list[str]:
    """Return the command that runs `command` and sends it a signal when its parent dies."""
    return [sys.executable, "-IS", __file__, on_parent_death.name, *command]


def _main(arguments: list[str]) -> None:
    if sys.platform == "linux":
        # The setting outlives exec, and is not inherited by children.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.Signals[arguments[0]]))
    os.execvp(arguments[1], arguments[1:])


if __name__ == "__main__":
    _main(sys.argv[1:])
