"""Training: whether the model is current, and making a new one with a progress display."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from kefu.environment import environment
from kefu.errors import FileProblems, KefuError
from kefu.knowledge import checks
from kefu.knowledge.tasks import task_titles as task_titles
from kefu.running import children
from kefu.running.leash import leashed
from kefu.running.log_files import last_reason

MODELS = "models"
KNOWLEDGE = "data/knowledge"
# What a model is made from: files, and folders with all that is in them.
INPUTS = (
    "config.yml",
    "domain.yml",
    "domain",
    "data",
    "kefu/nlu",
    "kefu/normalise.py",
    "kefu/pinyin.py",
    "kefu/order_numbers.py",
    "kefu/knowledge/example.py",
    "kefu/knowledge/importer.py",
    "kefu/knowledge/model.py",
    "requirements.lock",
)


class TrainingFailed(KefuError):
    """Raised when `rasa train` made no model; the text names the reason and the log."""


def newest_model(home: Path) -> Path | None:
    """Return the model that was made last, None when there is none."""
    return max((home / MODELS).glob("*.tar.gz"), key=_changed_at, default=None)


def model_is_current(home: Path) -> bool:
    """Tell whether the newest model is newer than everything it was made from.

    Like make, by the times of the files; a model made by plain `rasa train` counts.
    """
    model = newest_model(home)
    return model is not None and _changed_at(model) >= max(map(_changed_at, _inputs(home)))


def fits_all_but_knowledge(home: Path, model: Path) -> bool:
    """Tell whether nothing that a model was made from has changed but the knowledge base."""
    knowledge = home / KNOWLEDGE
    others = (path for path in _inputs(home) if not path.is_relative_to(knowledge))
    return _changed_at(model) >= max(map(_changed_at, others))


def knowledge_is_newer(home: Path, model: Path) -> bool:
    """Tell whether the knowledge base has changed since a model was made from it."""
    return _changed_at(model) < max(map(_changed_at, _files(home / KNOWLEDGE)), default=0.0)


def check_knowledge(home: Path) -> None:
    """Check the knowledge base. Raises FileProblems with everything that is wrong."""
    problems = checks.check(home, known_texts=task_titles(home))
    if problems:
        raise FileProblems(problems)


def train(home: Path, console: Console | None = None) -> Path:
    """Check the knowledge base, train, and return the new model's file.

    The model is made beside `models/` proper and moved there when it is complete.
    What Rasa says is in `var/log/train.log`.

    Raises:
        FileProblems: The knowledge base has mistakes; nothing was trained.
        TrainingFailed: Rasa made no model.
    """
    check_knowledge(home)
    log = environment().var / "log" / "train.log"
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    models = home / MODELS
    models.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=models))
    try:
        # A file that is changed while the training runs has to make the model old.
        started = time.time()
        code = _rasa_train(home, folder, log, console or Console())
        made = next(folder.glob("*.tar.gz"), None)
        if code != 0 or made is None:
            raise TrainingFailed(f"训练失败：{last_reason(log) or '没有输出'}（日志：{log}）")
        os.utime(made, (started, started))
        return made.replace(models / made.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _rasa_train(home: Path, folder: Path, log: Path, console: Console) -> int:
    command = [sys.executable, "-m", "rasa", "train", "--out", str(folder)]
    with open(log, "wb") as output:
        process = subprocess.Popen(
            leashed(command, signal.SIGKILL),
            cwd=home,
            env=children.variables(environment()),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with _progress(console) as progress:
            progress.add_task("训练模型")
            return process.wait()
    finally:
        process.kill()
        process.wait()


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(finished_text="✔"),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _inputs(home: Path) -> Iterator[Path]:
    for name in INPUTS:
        path = home / name
        if path.is_dir():
            yield from _files(path)
        elif path.exists():
            yield path


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (Path(place, name) for name in names)
        # Deleting a file changes its folder's time. In a folder with code, so does
        # running the code for the first time.
        if not any(name.endswith(".py") for name in names):
            yield Path(place)


def _changed_at(path: Path) -> float:
    return path.stat().st_mtime
