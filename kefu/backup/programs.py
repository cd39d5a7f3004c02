"""Which programs of this installation run, and would notice that their files change."""

from __future__ import annotations

import socket

from kefu.environment import environment, reachable

_SECONDS = 1.0


def running() -> list[str]:
    """Return the titles of what runs on this machine, [] when all is stopped.

    It reads no file of the project: those may be what has to be restored.
    """
    place = environment()
    # The demo shop and the double of WeChat have nothing to do with the database.
    ports = {
        "Rasa": (place.host, place.rasa_port),
        "动作服务": ("127.0.0.1", place.actions_port),
        "微信收发": (place.host, place.wechat_port),
        "客服工作台": (place.host, place.console_port),
    }
    found = [title for title, (host, port) in ports.items() if _listens(host, port)]
    if _supervisor_answers():
        found.append("进程管理器（make run）")
    return found


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((reachable(host).strip("[]"), port), _SECONDS):
            return True
    except OSError:
        return False


def _supervisor_answers() -> bool:
    path = str(environment().var / "run" / "supervisor.sock")
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(_SECONDS)
        try:
            door.connect(path)
        except OSError:
            return False
    return True
