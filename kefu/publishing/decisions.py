"""What people decide: to publish, to try a model, to bring one into service, to stop."""

from __future__ import annotations

from typing import Any

from kefu.publishing import history, jobs, launching, places, result
from kefu.publishing.errors import Refused
from kefu.publishing.jobs import Job

LONGEST_REASON = 200


def publish(by: str, now: float, auto: bool) -> Job:
    """Start a publication; `auto` brings a model that passes into service. Raises Busy."""
    return launching.start("publish", by, now, auto=auto)


def check(model: str, by: str, now: float) -> Job:
    """Try a model and compare it with the one in service. Raises Busy, Refused."""
    _require(model)
    return launching.start("check", by, now, model=model)


def use(model: str, by: str, now: float, may_force: bool, reason: str = "") -> Job:
    """Bring a model into service that is there already.

    Args:
        model: Its file's name.
        by: Who wants it: a login.
        now: UTC seconds.
        may_force: Whether this person may let a refused one through.
        reason: Why, which has to be said then.

    Raises:
        Busy: Another job is under way.
        Refused: The model is gone, or was refused.
    """
    _require(model)
    tried = tried_in(model)
    given: dict[str, Any] = {"model": model, "tried_in": tried.id if tried else ""}
    if is_refused(model):
        if not may_force:
            raise Refused("这个模型没有通过检查，只有管理员可以仍然启用")
        if not reason.strip():
            raise Refused("这个模型没有通过检查，仍要启用请写明原因")
        given["reason"] = reason.strip()[:LONGEST_REASON]
    return launching.start("use", by, now, **given)


def is_refused(model: str) -> bool:
    """Tell whether a model was tried and refused, and never came into service."""
    job = tried_in(model)
    tried = result.load(job.id) if job else None
    failed = tried is not None and not tried.verdict.passed
    return failed and not history.was_in_service(model)


def tried_in(model: str) -> Job | None:
    """Return the last job that tried a model, None where none did."""
    tried = (job for job in jobs.all_jobs() if job.model == model and job.kind != "use")
    return next((job for job in tried if jobs.result_file(job.id).exists()), None)


def _require(model: str) -> None:
    if places.find_model(model) is None:
        raise Refused("这个模型已经不在，请刷新页面后重新选择")
