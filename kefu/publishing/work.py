"""What a job does, from its beginning to its end."""

from __future__ import annotations

import logging
import shutil
import time
from pathlib import Path

from kefu.environment import environment
from kefu.errors import FileProblems, KefuError
from kefu.knowledge.library import Library, library
from kefu.publishing import bringing, contents, models, places, trying
from kefu.publishing.errors import Cancelled, Refused
from kefu.publishing.frozen import freeze
from kefu.publishing.jobs import Job
from kefu.publishing.making import make
from kefu.publishing.problems import found_problems
from kefu.publishing.result import Result
from kefu.publishing.worker import Worker
from kefu.training import check_knowledge

logger = logging.getLogger(__name__)


def run(job: Job) -> None:
    """Do a job and write down how it ended; nothing half-done is left."""
    worker = Worker(job)
    try:
        {"publish": _publish, "check": _check, "use": _use}[job.kind](worker)
    except Cancelled as stopped:
        worker.end("cancelled", str(stopped))
    except FileProblems as error:
        problems = found_problems(error.problems, _frozen())
        text = f"知识库有 {len(problems)} 处要改，没有训练。改好后再发布"
        worker.end("refused", text, problems=problems)
    except KefuError as error:
        worker.end("failed", str(error))
    except OSError as error:
        logger.exception("a job of publishing failed")
        worker.end("failed", f"没有成功：{error.strerror or error}，请检查磁盘空间和权限")
    except Exception:
        # The edge of the process: whoever waits for it must see that it ended.
        logger.exception("a job of publishing failed")
        worker.end("failed", f"出错了，没有成功。请管理员查看日志 {places.log()}")
    finally:
        shutil.rmtree(places.work(), ignore_errors=True)


def _publish(worker: Worker) -> None:
    started = time.time()
    home = freeze(environment().home, _frozen())
    worker.tell("check")
    check_knowledge(home)
    known = library(home)
    model = _made(worker, home, known, started)
    tried = trying.try_against_served(worker, model, home, known)
    _decide(worker, model, tried)


def _made(worker: Worker, home: Path, known: Library, started: float) -> Path:
    out = places.work() / "out"
    out.mkdir(exist_ok=True)
    made = make(home, out, started, worker.tell)
    contents.note(made.name, contents.of_library(known))
    model = models.put_aside(made)
    worker.knows(model=model.name)
    models.clear_beside()
    return model


def _decide(worker: Worker, model: Path, tried: Result) -> None:
    if not tried.verdict.passed:
        worker.end("refused", "；".join(tried.verdict.reasons))
    elif not worker.job.auto:
        worker.end("waiting", "检查通过，等待启用")
    else:
        bringing.bring(worker, model.name, "publish", made_here=True)


def _check(worker: Worker) -> None:
    home, model = environment().home, _model_of(worker.job)
    tried = trying.try_against_served(worker, model, home, library(home))
    worker.end("done", "检查通过" if tried.verdict.passed else "；".join(tried.verdict.reasons))


def _use(worker: Worker) -> None:
    model = _model_of(worker.job)
    bringing.bring_again(worker, model)


def _model_of(job: Job) -> Path:
    model = places.find_model(job.model or "")
    if model is None:
        raise Refused(f"模型 {job.model} 已经不在，请刷新页面后重新选择")
    return model


def _frozen() -> Path:
    return places.work() / "home"
