"""Run the supervisor over two light instances that take turns: `taking_turns.py PORT`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from kefu.environment import Environment
from kefu.running import serving
from kefu.running.programs import Program
from kefu.storage import migrate
from kefu.supervisor import run

ASSISTANT = str(Path(__file__).with_name("light_assistant.py"))


def _instance(name: str, model: Path) -> Program:
    command = (sys.executable, ASSISTANT, name, "--host", "127.0.0.1", "--port", sys.argv[1])
    files = ("--endpoints", "-", "--credentials", "-", "--model", str(model))
    variable = "KEFU_RASA_PORT"
    return Program(name, name, (*command, *files), "127.0.0.1", int(sys.argv[1]), variable, "/")


def _prepare(place: Environment, _console: Console) -> list[Program]:
    migrate.upgrade()
    model = serving.model_to_start(place.home)
    assert model is not None
    standby = _instance("rasa_2", model)
    return [replace(_instance("rasa", model), model=model, standby=standby)]


if __name__ == "__main__":
    sys.exit(run(_prepare))
