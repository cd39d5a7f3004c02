"""Which processes answer, what they take, and how often they ended by themselves."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from kefu.alerts.machine_rules import look_at_processes
from kefu.doctoring import machine
from kefu.metrics.processes import Process, processes, used
from kefu.metrics.supervised import ended, supervised
from tests.metrics.conftest import eventually


def process(name: str) -> Process:
    return next(p for p in processes(time.time()) if p.program.name == name)


def test_a_process_that_was_killed_is_counted_and_found_again(running: Path) -> None:
    before = process("actions")
    assert before.up and before.used is not None and before.restarts == 0
    assert before.used.memory > 1_000_000
    assert abs(time.time() - before.used.since) < 120
    (pid,) = before.pids
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: process("actions").pids not in ((), (pid,)))
    eventually(lambda: process("actions").up)
    assert process("actions").restarts == 1
    assert process("shop").restarts == 0


def test_findings_tell_of_each_process_and_what_it_takes(running: Path) -> None:
    found = {one.name: one for one in machine.look_at_processes("进程")}
    assert found["动作服务"].ok and "内存" in found["动作服务"].more
    assert not found["Rasa"].ok and "没有应答" in found["Rasa"].text


def test_silent_processes_are_signals_that_have_to_hold_on(running: Path) -> None:
    signals = {signal.name: signal for signal in look_at_processes(time.time())}
    assert signals["process:rasa"].on and signals["process:rasa"].hold == 120
    assert not signals["process:actions"].on


def test_only_ends_that_were_not_meant_are_counted(tmp_path: Path) -> None:
    log = tmp_path / "log" / "supervisord.log"
    log.parent.mkdir()
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    log.write_text(
        f"{now},001 INFO spawned: 'rasa' with pid 1\n"
        f"{now},002 WARN exited: rasa (terminated by SIGKILL; not expected)\n"
        f"{now},003 INFO exited: rasa_2 (exit status 0; expected)\n"
        f"{now},004 INFO stopped: actions (terminated by SIGTERM)\n"
        "2020-01-01 00:00:00,000 WARN exited: rasa (exit status 1; not expected)\n"
        "half a li"
    )
    assert ended(tmp_path, time.time() - 3600) == {"rasa": 1}


def test_without_a_supervisor_nothing_is_known_of_processes(tmp_path: Path) -> None:
    assert supervised(tmp_path) == []
    assert ended(tmp_path, 0.0) == {}
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "supervisord.conf").write_text("[unix_http_server]\nfile=/nowhere.sock\n")
    assert supervised(tmp_path) == []


def test_a_process_that_is_gone_takes_nothing() -> None:
    assert used([2**22 + 1]) is None
    mine = used([os.getpid()])
    assert mine is not None and mine.memory > 0
