"""`kefu shell`: rasa shell on the newest model."""

from __future__ import annotations

import subprocess
import sys

from rich.console import Console

from kefu.environment import environment
from kefu.running import children
from kefu.running.health import probe
from kefu.running.programs import programs
from kefu.training import model_is_current, newest_model, train


def talk(console: Console) -> int:
    """Train if needed, then talk in the terminal; return rasa shell's exit code."""
    place = environment()
    if not model_is_current(place.home):
        train(place.home, console)
    silent = [p.title for p in programs(place)[1:] if probe(p.health_url, 1.0) is None]
    if silent:
        console.print(f"{'、'.join(silent)}没有运行，查订单会失败；请在另一个终端执行 make run")
    command = [sys.executable, "-m", "rasa", "shell", "--model", str(newest_model(place.home))]
    return subprocess.run(command, cwd=place.home, env=children.variables(place)).returncode
