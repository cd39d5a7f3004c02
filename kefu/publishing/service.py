"""Bringing a model into service, and taking that back where it does not work."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from kefu.publishing import models, places
from kefu.publishing.errors import PublishingError
from kefu.running.serving import choose, serving

_PAUSE_SECONDS = 0.3
# A new instance has 120 seconds to become ready, the old one some more to end.
_PATIENCE_SECONDS = 300.0

AFTER_RESTART = "模型已就绪，重新启动 Rasa 后生效"
IN_SERVICE = "已启用，顾客现在由这个模型回答"


class SwapFailed(PublishingError):
    """Raised when a model did not come into service; the one before it goes on."""


def bring(name: str, former: str | None, by: str, tell: Callable[[str], None]) -> str:
    """Have customers served with a model; return how it ended (Chinese).

    Args:
        name: Its file's name, in `models/` or beside.
        former: The model in service.
        by: Who wants it: a login.
        tell: Told of each step (Chinese).

    Raises:
        SwapFailed: It did not work; the former model is chosen again.
    """
    was_beside = not (places.models() / name).is_file()
    file = models.put_in(name)
    choose(file, by, time.time())
    try:
        return _wait(name, tell)
    except SwapFailed:
        _go_back(file if was_beside else None, former, by)
        raise


def _wait(name: str, tell: Callable[[str], None]) -> str:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        now = serving()
        if not now.managed:
            return AFTER_RESTART
        if now.failed:
            raise SwapFailed(f"新模型没有启用：{now.failed}。顾客仍由原来的模型回答")
        if now.model == name and now.switching_to is None:
            return IN_SERVICE
        tell(now.step or "")
        time.sleep(_PAUSE_SECONDS)
    raise SwapFailed("新模型很久没有就绪，没有启用。顾客仍由原来的模型回答")


def _go_back(new: Path | None, former: str | None, by: str) -> None:
    if former and (places.models() / former).is_file():
        choose(places.models() / former, by, time.time())
    if new is not None:
        models.put_aside(new)
