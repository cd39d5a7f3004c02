"""Train one pipeline and measure it, in processes of its own and a folder that vanishes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from kefu.environment import environment
from kefu.evaluation import Recognised
from kefu.recognition_benchmark.data import Line
from kefu.recognition_benchmark.errors import BenchmarkFailed
from kefu.recognition_benchmark.pipelines import Pipeline, write_project
from kefu.running import children
from kefu.running.leash import leashed
from kefu.running.log_files import last_reason

# Far beyond what is usual: a process that hangs must not hang the benchmark.
TRAINING_LIMIT_SECONDS = 4 * 3600
MEASURING_LIMIT_SECONDS = 3600


@dataclass(frozen=True)
class Run:
    """What one pipeline gave.

    Attributes:
        recognised: One for each text, in its order; labels, not intents.
        milliseconds: Time of each text.
        training_seconds: Of the whole `rasa train nlu`, the start of Rasa included.
        load_seconds: From the model's file to the first message.
        memory_megabytes: Held by the process after the last text.
        model_megabytes: Size of the model's file.
    """

    recognised: Sequence[Recognised]
    milliseconds: Sequence[float]
    training_seconds: float
    load_seconds: float
    memory_megabytes: float
    model_megabytes: float


def run(
    pipeline: Pipeline, lines: Sequence[Line], texts: Sequence[str], title: str, console: Console
) -> Run:
    """Train with `lines` and recognise `texts`, showing progress.

    Raises:
        BenchmarkFailed: A process failed or took too long; the text names its reason.
    """
    with tempfile.TemporaryDirectory(prefix="kefu-") as name:
        folder = Path(name)
        labels = write_project(folder, pipeline, lines)
        started = time.perf_counter()
        model = _train(folder, f"训练：{title}", console)
        training_seconds = time.perf_counter() - started
        asked, found = folder / "asked.json", folder / "found.json"
        asked.write_text(json.dumps(texts), encoding="utf-8")
        module = "kefu.recognition_benchmark.measure"
        command = ["-m", module, str(model), str(asked), str(found)]
        _python(command, folder, MEASURING_LIMIT_SECONDS, f"测量：{title}", console)
        result = json.loads(found.read_text(encoding="utf-8"))
        return Run(
            [_recognised(a["outcome"], a["ranking"], labels) for a in result["answers"]],
            result["milliseconds"],
            training_seconds,
            result["load_seconds"],
            result["memory_megabytes"],
            model.stat().st_size / 1e6,
        )


def _recognised(outcome: str, ranking: list[str], labels: dict[str, str]) -> Recognised:
    return Recognised(outcome, tuple(labels.get(intent, intent) for intent in ranking), ())


def _train(folder: Path, title: str, console: Console) -> Path:
    """Run `rasa train nlu` where no cache of an earlier training lies; return the model."""
    command = [
        *("-m", "rasa", "train", "nlu", "--config", "config.yml", "--nlu", "nlu.yml"),
        *("--domain", "domain.yml", "--out", "models", "--fixed-model-name", "model"),
    ]
    log = _python(command, folder, TRAINING_LIMIT_SECONDS, title, console)
    model = folder / "models" / "model.tar.gz"
    if not model.is_file():
        raise BenchmarkFailed(f"{title}：没有生成模型（{last_reason(log) or '没有输出'}）")
    return model


def _python(arguments: list[str], folder: Path, limit: float, title: str, console: Console) -> Path:
    """Run Python in `folder` and return the log with all it said."""
    log = folder / "child.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            leashed([sys.executable, *arguments], signal.SIGKILL),
            cwd=folder,
            env=_variables(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with _progress(console) as progress:
            progress.add_task(title)
            code = process.wait(limit)
    except subprocess.TimeoutExpired:
        raise BenchmarkFailed(f"{title}：超过 {limit / 60:.0f} 分钟，已停止") from None
    finally:
        process.kill()
        process.wait()
    if code != 0:
        raise BenchmarkFailed(f"{title}失败：{_reason(code, log)}（日志：{_kept(log)}）")
    return log


def _kept(log: Path) -> Path:
    """Copy a log out of the folder that vanishes."""
    kept = environment().var / "log" / "benchmark.log"
    kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Path(shutil.copyfile(log, kept))


def _reason(code: int, log: Path) -> str:
    if code < 0:
        return f"进程被信号 {-code} 终止" + ("，多半是内存不够" if code == -signal.SIGKILL else "")
    return last_reason(log) or f"退出码 {code}，没有输出"


def _variables() -> dict[str, str]:
    """Return the environment of a child, which has to find the project's components."""
    place = environment()
    variables = children.variables(place)
    paths = (str(place.home), variables.get("PYTHONPATH", ""))
    return variables | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
