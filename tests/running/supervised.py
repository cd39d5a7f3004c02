"""Run the supervisor over stand-ins: `supervised.py NAME:PORT[:BEHAVIOUR] ...`."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from kefu.environment import Environment
from kefu.running.programs import Program, require_free_ports
from kefu.storage import migrate
from kefu.supervisor import run

STAND_IN = str(Path(__file__).with_name("stand_in.py"))


def _program(description: str) -> Program:
    name, port, *behaviour = description.split(":")
    command = (sys.executable, STAND_IN, port, *behaviour)
    return Program(name, name, command, "127.0.0.1", int(port), "KEFU_TEST_PORT", "/")


def _prepare(_place: Environment, _console: Console) -> list[Program]:
    chosen = [_program(description) for description in sys.argv[1:]]
    require_free_ports(chosen)
    migrate.upgrade()
    return chosen


if __name__ == "__main__":
    sys.exit(run(_prepare))
