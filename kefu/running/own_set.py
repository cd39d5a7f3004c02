"""A second set of processes: on free ports, with a data directory that vanishes."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from kefu.environment import Environment, environment, secret
from kefu.errors import KefuError
from kefu.running import children, log_files
from kefu.running.daemon import Daemon
from kefu.running.health import probe
from kefu.running.programs import Program, programs

START_LIMIT_SECONDS = 120
_DEAD = ("", "BACKOFF", "EXITED", "FATAL")


class OwnSetFailed(KefuError):
    """Raised when a process of the set does not start."""


@dataclass(frozen=True)
class OwnSet:
    """Rasa, the action server and the demo shop, running.

    Attributes:
        place: The environment they run in.
        token: What the backend `miniprogram` calls the REST channel with.
        variables: The same as the environment of a child process.
        daemon: Keeps them running.
        has_double: Whether WeChat is played too.
    """

    place: Environment
    token: str
    variables: dict[str, str]
    daemon: Daemon
    has_double: bool


@contextmanager
def own_set(model: Path) -> Iterator[OwnSet]:
    """Start the processes on `model`, give them, and remove every trace of them.

    They share with this installation only the key of the demo shop, so that this
    process can ask that shop too. Raises OwnSetFailed.
    """
    with tempfile.TemporaryDirectory(prefix="kefu-") as folder:
        place, token = _elsewhere(Path(folder)), secrets.token_urlsafe()
        variables = _variables(place, token)
        _migrate(variables)
        chosen = _harmless(programs(place, model))
        daemon = Daemon(chosen, place.home, place.var, variables)
        try:
            daemon.start()
            _wait(daemon, chosen)
            has_double = any(program.name == "wechat_double" for program in chosen)
            yield OwnSet(place, token, variables, daemon, has_double)
        finally:
            daemon.stop()


def _elsewhere(var: Path) -> Environment:
    rasa, actions, shop, wechat, double, console = _free_ports(6)
    return replace(
        environment(),
        var=var,
        database_url=f"sqlite:///{var / 'kefu.db'}",
        host="127.0.0.1",
        rasa_port=rasa,
        actions_port=actions,
        shop_port=shop,
        wechat_port=wechat,
        wechat_double_port=double,
        console_port=console,
        shop_url=f"http://127.0.0.1:{shop}",
    )


def _variables(place: Environment, token: str) -> dict[str, str]:
    return {
        **children.variables(place),
        "KEFU_DATABASE_URL": place.database_url,
        "KEFU_REST_TOKEN_MINIPROGRAM": token,
        "KEFU_SHOP_API_KEY": secret("shop_api_key"),
        "KEFU_SHOP_API_SECRET": secret("shop_api_secret"),
    }


def _harmless(chosen: list[Program]) -> list[Program]:
    """Leave out what would speak with WeChat itself, for the merchant's own accounts."""
    if any(program.name == "wechat_double" for program in chosen):
        return chosen
    return [program for program in chosen if program.name != "wechat"]


def _migrate(variables: dict[str, str]) -> None:
    # In a process of its own: this one's database is another.
    command = [sys.executable, "-m", "kefu.cli", "migrate"]
    home = variables["KEFU_HOME"]
    done = subprocess.run(command, cwd=home, env=variables, capture_output=True, text=True)
    if done.returncode:
        raise OwnSetFailed(f"临时数据库没有建立：{done.stderr.strip()[-300:]}")


def _wait(daemon: Daemon, chosen: list[Program]) -> None:
    deadline = time.monotonic() + START_LIMIT_SECONDS
    waiting = list(chosen)
    while waiting:
        states = {state.name: state.state for state in daemon.states()}
        for program in waiting:
            if states.get(program.name, "") in _DEAD or time.monotonic() > deadline:
                reason = log_files.last_reason(daemon.log_file(program.name)) or "没有输出"
                raise OwnSetFailed(f"{program.title} 没有启动：{reason}")
        waiting = [program for program in waiting if probe(program.health_url, 0.5) is None]
        time.sleep(0.2)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for listening in held:
            listening.bind(("127.0.0.1", 0))
        return [listening.getsockname()[1] for listening in held]
