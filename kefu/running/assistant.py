"""Rasa as `kefu run` starts it: `python -m kefu.running.assistant NAME --model FILE …`.

It answers as `rasa run` does. Besides, it takes the customers over from the instance that
answers them, when its model is loaded, and hands them over to the next one.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kefu.errors import KefuError
from kefu.running.instances import Job, orders

if TYPE_CHECKING:
    from sanic import Sanic

    Load = Callable[[Job], Awaitable[Sanic]]


def main(arguments: list[str] | None = None, load: Load | None = None) -> int:
    """Serve until a signal comes; return 1 after one line on stderr when that is impossible.

    `load` gives the application in the place of Rasa's.
    """
    job = _job(arguments)
    if not orders().wants(job.name):
        return _stand_by()
    try:
        return _run(job, load)
    except KefuError as error:
        print(f"ERROR {error}", file=sys.stderr)
        return 1


def _job(arguments: list[str] | None) -> Job:
    parser = argparse.ArgumentParser(description="Rasa, one of two instances that take turns.")
    parser.add_argument("name")
    for option in ("--model", "--host", "--endpoints", "--credentials"):
        parser.add_argument(option, required=True)
    parser.add_argument("--port", type=int, required=True)
    job = Job(**vars(parser.parse_args(arguments)))
    return replace(job, model=Path(orders().models.get(job.name, job.model)))


def _stand_by() -> int:
    """Do nothing until the end: who is started again although it is not wanted waits here."""
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    return 0


def _run(job: Job, load: Load | None) -> int:
    # Rasa takes seconds to import, which those on stand-by need not.
    from kefu.running.answering import NotWanted, answer

    if load is None:
        from kefu.running import rasa_server

        rasa_server.configure()
        load = rasa_server.loaded
    try:
        answer(job, load)
    except NotWanted:
        return _stand_by()
    return 0


if __name__ == "__main__":
    sys.exit(main())
