"""Making a model of a frozen project with Rasa, which tells how far it is in its log."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from kefu.environment import environment
from kefu.publishing import places
from kefu.running import children
from kefu.running.leash import leashed
from kefu.running.log_files import last_reason
from kefu.training import TrainingFailed

_PAUSE_SECONDS = 0.3
# What Rasa says when it begins with a component, and the step of ours that it belongs to.
_BEGUN = re.compile(r"Starting to train component '(\w+)'")
_STEPS = {"KnowledgeRecogniser": "entries", "RulePolicy": "dialogue"}
_COUNTED = re.compile(r"Sentence vectors: +(\d+)%")

Step = Callable[[str, float | None], None]
"""Told again and again which step is being done, and how much of it where that is known."""


def make(home: Path, out: Path, started_at: float, tell: Step) -> Path:
    """Train a model of the frozen project at `home` and return its file, in `out`.

    Args:
        home: The frozen project.
        out: A folder for the model.
        started_at: When it was frozen, UTC seconds: the model counts as of that time.
        tell: Told of the progress; what it raises ends the training.

    Raises:
        TrainingFailed: Rasa made no model; the text names the reason.
    """
    log = home / "train.log"
    process = _start(home, out, log)
    try:
        while process.poll() is None:
            tell(*_progress(log))
            time.sleep(_PAUSE_SECONDS)
    finally:
        process.kill()
        process.wait()
        _keep(log)
    made = next(out.glob("*.tar.gz"), None)
    if process.returncode != 0 or made is None:
        raise TrainingFailed(f"训练失败：{last_reason(log) or '没有输出'}（日志：{places.log()}）")
    os.utime(made, (started_at, started_at))
    return made


def _start(home: Path, out: Path, log: Path) -> subprocess.Popen[bytes]:
    variables = {
        **children.variables(environment()),
        "KEFU_HOME": str(home),
        "LOG_LEVEL": "INFO",
    }
    command = [sys.executable, "-m", "rasa", "train", "--out", str(out)]
    with open(log, "wb") as output:
        return subprocess.Popen(
            leashed(command, signal.SIGKILL),
            cwd=home,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _progress(log: Path) -> tuple[str, float | None]:
    text = log.read_text(encoding="utf-8", errors="replace")
    begun = _BEGUN.findall(text)
    known = [_STEPS[name] for name in begun if name in _STEPS]
    if known:
        return known[-1], None
    counted = _COUNTED.findall(text)
    return ("words" if begun else "start"), int(counted[-1]) / 100 if counted else None


def _keep(log: Path) -> None:
    with open(log, "rb") as source, open(places.log(), "wb") as kept:
        shutil.copyfileobj(source, kept)
