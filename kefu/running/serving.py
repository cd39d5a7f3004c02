"""Which model customers are to be served with, and which one serves them now."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kefu.environment import environment
from kefu.errors import KefuError
from kefu.running import json_files
from kefu.training import MODELS, newest_model

_WISH = "serving.json"
_STATE = "run/swap.json"
_WATCH = "run/watch.lock"
_NEXT = "马上开始"
_LOCK_TRIES = 10


class NoSuchModel(KefuError):
    """Raised when a model is chosen that is not in `models/`."""


class WatchedAlready(KefuError):
    """Raised when `kefu run` is started a second time for one data directory."""


@dataclass(frozen=True)
class Wish:
    """The model that somebody chose.

    Attributes:
        model: Name of its file in `models/`.
        at: When it was chosen, in seconds since the epoch.
        by: Who chose it.
    """

    model: str
    at: float
    by: str


@dataclass(frozen=True)
class SwapState:
    """What the watching `kefu run` knows, written by it alone.

    Attributes:
        model: File name of the model that answers, None before the first is ready.
        since: When it began to.
        switching_to: File name of the model that is being brought in.
        step: What is being done for that (Chinese).
        failed: Why the last change did not work (Chinese).
        wish: When the wish was made that is being fulfilled, or last was dealt with.
    """

    model: str | None = None
    since: float | None = None
    switching_to: str | None = None
    step: str | None = None
    failed: str | None = None
    wish: float | None = None


@dataclass(frozen=True)
class Serving:
    """What customers are served with.

    Attributes:
        model: File name of the model that answers; None where that is not known.
        since: When it began to, in seconds since the epoch.
        switching_to: File name of the model that is being brought in, None while none is.
        step: What is being done for that (Chinese).
        failed: Why the last change did not work (Chinese), until the next choice.
        managed: `kefu run` watches. Where it does not, a choice counts from the next
            start of Rasa.
    """

    model: str | None = None
    since: float | None = None
    switching_to: str | None = None
    step: str | None = None
    failed: str | None = None
    managed: bool = False


def choose(model: Path, by: str, now: float) -> None:
    """Have customers served with a model of `models/`; the change begins within seconds.

    Raises:
        NoSuchModel: It is not there.
    """
    if model.parent.resolve() != _models().resolve() or not model.is_file():
        raise NoSuchModel(f"models 目录里没有模型 {model.name}，请刷新页面后重新选择")
    json_files.write(environment().var / _WISH, Wish(model.name, now, by))


def wish() -> Wish | None:
    """Return what was chosen last, None when nothing was."""
    return json_files.read(environment().var / _WISH, Wish)


def serving() -> Serving:
    """Return what customers are served with now."""
    managed, state, wanted = is_watched(), swap_state(), wish()
    if not managed:
        return Serving(failed=state.failed if _is_of(state, wanted) else None)
    if wanted is None or _is_of(state, wanted):
        return Serving(state.model, state.since, state.switching_to, state.step, state.failed, True)
    return Serving(state.model, state.since, wanted.model, state.step or _NEXT, None, True)


def model_to_start(home: Path) -> Path | None:
    """Return the model that Rasa is to start with, None when there is none."""
    return chosen_model(home) or newest_model(home)


def chosen_model(home: Path) -> Path | None:
    """Return the model that was chosen, None where none was, or the choice does not count.

    It does not when a model was made since: whoever trains by hand wants what was trained.
    Where the chosen one could not be brought in, the one before it stands in for it.
    """
    newest, wanted, state = newest_model(home), wish(), swap_state()
    if newest is None or wanted is None or newest.stat().st_mtime > wanted.at:
        return None
    name = state.model if state.failed and _is_of(state, wanted) else wanted.model
    chosen = home / MODELS / (name or wanted.model)
    return chosen if chosen.is_file() else None


def give_up_start(reason: str) -> bool:
    """Note that the chosen model does not start; tell whether there is another to start with."""
    wanted, state = wish(), swap_state()
    if wanted is None or _is_of(state, wanted) or state.model in (None, wanted.model):
        return False
    write_swap_state(SwapState(model=state.model, failed=reason, wish=wanted.at))
    return True


def swap_state() -> SwapState:
    """Return what the watching `kefu run`, or the last one, has written."""
    return json_files.read(environment().var / _STATE, SwapState) or SwapState()


def write_swap_state(state: SwapState) -> None:
    """Keep what the watching `kefu run` knows."""
    json_files.write(environment().var / _STATE, state)


def is_watched() -> bool:
    """Tell whether a `kefu run` watches this installation."""
    path = environment().var / _WATCH
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def watching() -> Iterator[None]:
    """Let others know that this process watches; its death, however it comes, ends that.

    Raises:
        WatchedAlready: Another does.
    """
    path = environment().var / _WATCH
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    for _ in range(_LOCK_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Whoever asks `is_watched` has it for a moment.
            time.sleep(0.1)
        else:
            return
    raise WatchedAlready("这个数据目录已经有一个 make run 在运行，请先停止它")


def _is_of(state: SwapState, wanted: Wish | None) -> bool:
    return wanted is not None and state.wish == wanted.at


def _models() -> Path:
    return environment().home / MODELS
