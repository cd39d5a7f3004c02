"""The supervisor over light programs: started, restarted and stopped for real."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.end_to_end.processes import is_running

PROJECT = Path(__file__).resolve().parents[2]
DRIVER = Path(__file__).with_name("supervised.py")
ENDS_WITHIN = 10.0
_PROGRAMS = ("RASA", "ACTIONS", "SHOP", "CONSOLE", "WECHAT", "WECHAT_DOUBLE")


class Supervised:
    """A running supervisor and what it has printed."""

    def __init__(self, var: Path, *descriptions: str) -> None:
        self._output = var / "output.txt"
        var.mkdir(parents=True, exist_ok=True)
        self.ports = [int(description.split(":")[1]) for description in descriptions]
        with open(self._output, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(DRIVER), *descriptions],
                env={
                    **os.environ,
                    "KEFU_HOME": str(PROJECT),
                    "KEFU_VAR": str(var),
                    "PYTHONPATH": str(PROJECT),
                },
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def wait_ready(self) -> None:
        eventually(lambda: "已全部就绪" in self.output or self.process.poll() is not None)
        assert "已全部就绪" in self.output, self.output

    def pids(self) -> list[int]:
        return [pid_behind(port) or 0 for port in self.ports]


def eventually(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


def pid_behind(port: int) -> int | None:
    try:
        return int(requests.get(f"http://127.0.0.1:{port}/", timeout=1).text)
    except requests.RequestException:
        return None


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervised]]:
    started: list[Supervised] = []

    def start(*descriptions: str) -> Supervised:
        started.append(Supervised(tmp_path / "var", *descriptions))
        return started[-1]

    yield start
    for supervised in started:
        if supervised.process.poll() is None:
            supervised.process.terminate()
            supervised.process.wait(ENDS_WITHIN + 5)


def test_addresses_and_things_to_try_are_printed_without_a_token(
    supervise: Callable[..., Supervised],
) -> None:
    port = free_port()
    supervised = supervise(f"rasa:{port}")
    supervised.wait_ready()
    assert f"http://127.0.0.1:{port}" in supervised.output
    for message in ("怎么开发票", "查我的订单", "转人工"):
        assert f'"message": "{message}"' in supervised.output
    assert supervised.output.count("bin/kefu token miniprogram)") == 3


def test_first_administrator_is_shown_once_and_in_no_log(
    supervise: Callable[..., Supervised], tmp_path: Path
) -> None:
    supervised = supervise(f"rasa:{free_port()}", f"console:{free_port()}")
    supervised.wait_ready()
    eventually(lambda: "按 Ctrl-C 停止" in supervised.output)
    assert (
        f"客服工作台，在浏览器里打开：http://127.0.0.1:{supervised.ports[1]}/" in supervised.output
    )
    shown = re.search(r"首次登录：admin / (\w{4}-\w{4}-\w{4}-\w{4})（", supervised.output)
    assert shown is not None
    written = [f.read_bytes() for f in (tmp_path / "var").rglob("*") if f.is_file()]
    assert sum(shown[1].encode() in content for content in written) == 1  # the terminal's own

    supervised.process.terminate()
    supervised.process.wait(ENDS_WITHIN)
    again = supervise(f"rasa:{free_port()}", f"console:{free_port()}")
    again.wait_ready()
    eventually(lambda: "按 Ctrl-C 停止" in again.output)
    assert "客服工作台，在浏览器里打开" in again.output and "首次登录" not in again.output


def test_killed_program_comes_back(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise(f"rasa:{free_port()}", f"shop:{free_port()}")
    supervised.wait_ready()
    rasa, shop = supervised.pids()
    os.kill(rasa, signal.SIGKILL)
    eventually(lambda: pid_behind(supervised.ports[0]) not in (None, rasa))
    assert pid_behind(supervised.ports[1]) == shop
    eventually(lambda: "rasa 已重新启动" in supervised.output)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stop_signal_leaves_nothing_behind(
    supervise: Callable[..., Supervised], number: signal.Signals
) -> None:
    supervised = supervise(f"rasa:{free_port()}", f"actions:{free_port()}")
    supervised.wait_ready()
    pids = supervised.pids()
    os.killpg(supervised.process.pid, number)
    assert supervised.process.wait(ENDS_WITHIN) == 0
    assert not any(map(is_running, pids))
    assert supervised.output.rstrip().endswith("已停止。")


def test_stop_signal_that_python_drops_comes_again(tmp_path: Path) -> None:
    program = """
import sys, time
from kefu.supervisor import run
class Lost:
    def __del__(self):
        print("waiting", flush=True)
        time.sleep(60)
def prepare(*_):
    Lost()
    time.sleep(60)
sys.exit(run(prepare))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "KEFU_HOME": str(PROJECT), "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(ENDS_WITHIN) == 0
    assert process.stdout.read() == "已停止。\n"


def test_program_that_ignores_the_stop_is_killed_in_time(
    supervise: Callable[..., Supervised],
) -> None:
    supervised = supervise(f"rasa:{free_port()}:stubborn")
    supervised.wait_ready()
    pids = supervised.pids()
    supervised.process.send_signal(signal.SIGINT)
    assert supervised.process.wait(ENDS_WITHIN) == 0
    assert not any(map(is_running, pids))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of the death")
def test_killed_supervisor_takes_its_programs_along(supervise: Callable[..., Supervised]) -> None:
    supervised = supervise(f"rasa:{free_port()}", f"actions:{free_port()}")
    supervised.wait_ready()
    pids = supervised.pids()
    supervised.process.kill()
    supervised.process.wait()
    eventually(lambda: not any(map(is_running, pids)), ENDS_WITHIN)


def test_program_that_dies_while_starting_ends_it_all_with_the_reason(
    supervise: Callable[..., Supervised],
) -> None:
    good = free_port()
    supervised = supervise(f"shop:{good}", f"rasa:{free_port()}:broken")
    assert supervised.process.wait(20) == 1
    line = supervised.output.splitlines()[-1]
    assert "rasa 没有启动：ValueError: no such model" in line
    assert "rasa.log" in line
    assert pid_behind(good) is None


def test_taken_port_is_one_line(supervise: Callable[..., Supervised]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        supervised = supervise(f"rasa:{port}", f"shop:{free_port()}")
        assert supervised.process.wait(20) == 1
    assert supervised.output.splitlines() == [
        f"✘ 端口 {port}（rasa）已被占用：先停掉占用它的程序，或设置 KEFU_TEST_PORT 换一个端口"
    ]


def broken_project(tmp_path: Path, file: str, text: str) -> Path:
    """Copy what is read before anything starts, and break one file."""
    home = tmp_path / "home"
    shutil.copytree(PROJECT / "data", home / "data")
    for name in ("settings.yml", "config.yml", "domain.yml", "endpoints.yml", "credentials.yml"):
        shutil.copy(PROJECT / name, home)
    with open(home / file, "a", encoding="utf-8") as changed:
        changed.write(text)
    return home


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("settings.yml", "nonsense: 1\n", "settings.yml:"),
        ("credentials.yml", "rest: [\n", "credentials.yml:"),
        ("data/knowledge/order.yml", "\n  - id: [\n", "order.yml:"),
    ],
)
def test_broken_file_is_named_with_its_line(
    tmp_path: Path, file: str, text: str, said: str
) -> None:
    home = broken_project(tmp_path, file, text)
    ports = {f"KEFU_{name}_PORT": str(free_port()) for name in _PROGRAMS}
    done = subprocess.run(
        [sys.executable, "-c", "import sys, kefu.supervisor as s; sys.exit(s.run())"],
        env={
            **os.environ,
            **ports,
            "KEFU_HOME": str(home),
            "KEFU_VAR": str(tmp_path / "var"),
            "PYTHONPATH": str(PROJECT),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert said in done.stdout.splitlines()[-1]
    assert "Traceback" not in done.stdout + done.stderr
