"""The double as the process that an operator starts."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from kefu.environment import child_environment

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "kefu.wechat_double"]


def _environment(var: Path, port: int) -> dict[str, str]:
    return child_environment(
        KEFU_HOME=str(PROJECT),
        KEFU_VAR=str(var),
        KEFU_HOST="127.0.0.1",
        KEFU_WECHAT_DOUBLE_PORT=str(port),
    )


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        chosen = int(probe.getsockname()[1])
    yield chosen


def test_plays_wechat_for_the_accounts_of_the_credentials(tmp_path: Path, port: int) -> None:
    environment = _environment(tmp_path, port)
    process = subprocess.Popen(
        COMMAND, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line == f"微信模拟平台：http://127.0.0.1:{port}\n"
        # The socket listens before the line is printed, so that this waits in its queue.
        answer = requests.get(f"http://127.0.0.1:{port}/_control/accounts", timeout=20).json()
    finally:
        process.terminate()
        process.wait(10)
    kinds = {account["name"]: account["kind"] for account in answer["accounts"]}
    assert kinds == {"miniprogram": "miniprogram", "official": "official"}
    for account in answer["accounts"]:
        assert account["push_url"].endswith(f"/wechat/{account['name']}")


def test_port_in_use_is_said_in_one_line(tmp_path: Path, port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        ended = subprocess.run(
            COMMAND,
            cwd=PROJECT,
            env=_environment(tmp_path, port),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "KEFU_WECHAT_DOUBLE_PORT" in ended.stderr
