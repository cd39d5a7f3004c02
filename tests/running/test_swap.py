"""Another model for the customers, over light instances: taken over, given up, recovered."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from kefu.environment import environment
from kefu.running import serving
from kefu.running.instances import report_of
from tests.end_to_end.processes import eventually, is_running
from tests.running.test_supervisor import free_port

PROJECT = Path(__file__).resolve().parents[2]
DRIVER = Path(__file__).with_name("taking_turns.py")
OLD, NEW, SLOW, BROKEN = "old.tar.gz", "new.tar.gz", "slow.tar.gz", "broken.tar.gz"
WITHIN = 30.0


class Turns:
    """A running supervisor with two instances, and a customer."""

    def __init__(self, home: Path, var: Path) -> None:
        self.home, self.var, self.port = home, var, free_port()
        self._output = var.parent / "output.txt"

    def start(self) -> None:
        with open(self._output, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(DRIVER), str(self.port)],
                env={**os.environ, "PYTHONPATH": str(PROJECT), "KEFU_RASA_PORT": str(self.port)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        eventually(
            lambda: "已全部就绪" in self.output or self.process.poll() is not None, WITHIN, "ready"
        )
        assert self.process.poll() is None, self.output

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(15)

    @property
    def output(self) -> str:
        return self._output.read_text("utf-8")

    def asks(self, session: requests.Session | None = None, path: str = "") -> tuple[str, int]:
        """Return the model that answers, and the process that has it."""
        url = f"http://127.0.0.1:{self.port}/{path}"
        answer = (session or requests).get(url, timeout=20)
        model, pid = answer.text.split()
        return model, int(pid)

    def choose(self, model: str) -> None:
        serving.choose(self.home / "models" / model, "运营", time.time())

    def wait_for(self, model: str) -> None:
        eventually(lambda: self.seen() == (model, None), WITHIN, f"{model} answers")

    def seen(self) -> tuple[str | None, str | None]:
        now = serving.serving()
        return now.model, now.switching_to

    def wait_for_failure(self) -> str:
        return str(eventually(lambda: serving.serving().failed, WITHIN, "it is given up"))


@pytest.fixture
def turns(fresh_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Turns]:
    home = tmp_path / "home"
    (home / "models").mkdir(parents=True)
    for number, name in enumerate((OLD, NEW, SLOW, BROKEN)):
        file = home / "models" / name
        file.write_text(name)
        os.utime(file, (1_000_000_000 - number, 1_000_000_000 - number))
    (home / "settings.yml").symlink_to(PROJECT / "settings.yml")
    (home / "credentials.yml").symlink_to(PROJECT / "credentials.yml")
    monkeypatch.setenv("KEFU_HOME", str(home))
    environment.cache_clear()
    turns = Turns(home, environment().var)
    turns.start()
    yield turns
    turns.stop()
    environment.cache_clear()


def test_chosen_model_answers_and_the_process_before_is_gone(turns: Turns) -> None:
    model, before = turns.asks()
    assert model == OLD
    assert turns.seen() == (OLD, None) and serving.serving().managed
    with requests.Session() as kept:
        turns.asks(kept)
        turns.choose(NEW)
        assert turns.seen() == (OLD, NEW)
        turns.wait_for(NEW)
        assert turns.asks()[0] == NEW
        # The last answer on a connection from before; the customer is led to the new one.
        assert turns.asks(kept)[0] == OLD
        assert turns.asks(kept)[0] == NEW
    eventually(lambda: not is_running(before), WITHIN, "one process is left")
    assert "已换上模型 new.tar.gz" in turns.output

    turns.choose(OLD)
    turns.wait_for(OLD)
    assert turns.asks()[0] == OLD


def test_nobody_is_refused_and_nothing_is_cut_off_meanwhile(turns: Turns) -> None:
    with ThreadPoolExecutor(9) as customers:
        slow = customers.submit(turns.asks, None, "slow")
        answered: list[str] = []
        done = False

        def customer(keeps: bool) -> None:
            with requests.Session() as kept:
                while not done:
                    answered.append(turns.asks(kept if keeps else None)[0])

        asking = [customers.submit(customer, number % 2 == 0) for number in range(6)]
        turns.choose(NEW)
        turns.wait_for(NEW)
        (turns.home / "models" / "go").touch()
        assert slow.result()[0] == OLD
        turns.choose(OLD)
        turns.wait_for(OLD)
        done = True
        for asked in asking:
            asked.result()
    assert {OLD, NEW} == set(answered)


def test_unusable_model_is_given_up_with_the_reason(turns: Turns) -> None:
    pid = turns.asks()[1]
    turns.choose(BROKEN)
    assert "broken.tar.gz 不是可用的模型" in turns.wait_for_failure()
    assert turns.asks() == (OLD, pid)
    assert turns.seen() == (OLD, None)
    turns.choose(NEW)
    assert serving.serving().failed is None
    turns.wait_for(NEW)


def test_killed_while_it_loads_leaves_the_one_that_answers(turns: Turns) -> None:
    pid = turns.asks()[1]
    turns.choose(SLOW)
    eventually(lambda: loading(turns), WITHIN, "it loads")
    os.kill(loading(turns)[0], signal.SIGKILL)
    assert "强行结束" in turns.wait_for_failure()
    eventually(lambda: not loading(turns), WITHIN, "it stays away")
    assert turns.asks() == (OLD, pid)


def test_killed_while_another_loads_comes_back_or_is_followed(turns: Turns) -> None:
    pid = turns.asks()[1]
    turns.choose(SLOW)
    eventually(lambda: loading(turns), WITHIN, "it loads")
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: answers(turns), WITHIN, "somebody answers")
    (turns.home / "models" / "go").touch()
    turns.wait_for(SLOW)
    assert turns.asks()[0] == SLOW
    eventually(lambda: not loading(turns), WITHIN, "one process is left")


def test_killed_after_it_has_taken_over_comes_back_with_its_model(turns: Turns) -> None:
    turns.choose(NEW)
    turns.wait_for(NEW)
    pid = turns.asks()[1]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: answers(turns), WITHIN, "it answers again")
    assert turns.asks()[0] == NEW and turns.asks()[1] != pid


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of the death")
def test_killed_supervisor_fulfils_the_choice_at_the_next_start(turns: Turns) -> None:
    turns.choose(SLOW)
    eventually(lambda: loading(turns), WITHIN, "it loads")
    pids = [turns.asks()[1], *loading(turns)]
    turns.process.kill()
    turns.process.wait()
    eventually(lambda: not any(map(is_running, pids)), WITHIN, "all are gone")
    assert not serving.serving().managed
    (turns.home / "models" / "go").touch()
    turns.start()
    assert turns.asks()[0] == SLOW
    assert turns.seen() == (SLOW, None)


def test_model_that_does_not_start_gives_way_to_the_one_before(turns: Turns) -> None:
    turns.asks()
    turns.stop()
    turns.choose(BROKEN)
    assert not serving.serving().managed
    turns.start()
    assert turns.asks()[0] == OLD
    assert "改用之前的模型" in turns.output
    assert "broken.tar.gz 不是可用的模型" in (serving.serving().failed or "")


def test_model_that_was_trained_by_hand_is_not_brought_in_by_itself(turns: Turns) -> None:
    turns.choose(NEW)
    turns.wait_for(NEW)
    (turns.home / "models" / "by_hand.tar.gz").write_text("")
    turns.stop()
    turns.start()
    assert turns.asks()[0] == "by_hand.tar.gz"


def test_log_that_both_write_begins_anew_when_it_is_full(turns: Turns) -> None:
    log = turns.var / "log" / "rasa.log"
    with open(log, "ab") as full:
        full.write(b"." * 11 * 1024 * 1024)
    moved = log.with_name("rasa.log.1")
    eventually(moved.exists, WITHIN, "it is moved aside")
    turns.choose(BROKEN)
    assert "不是可用的模型" in turns.wait_for_failure()
    assert "不是可用的模型" in log.read_text("utf-8") and log.stat().st_size < 100_000


def loading(turns: Turns) -> list[int]:
    """Return the light instances of this supervisor that do not answer customers."""
    found = subprocess.run(
        ["ps", "-eww", "-o", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    mine = [line.split() for line in found.splitlines() if f"--port {turns.port} " in line]
    pids = [int(words[0]) for words in mine if "leash.py" not in " ".join(words)]
    reports = [report_of(name) for name in ("rasa", "rasa_2")]
    known = [said.pid for said in reports if said is not None]
    return [pid for pid in pids if pid not in known]


def answers(turns: Turns) -> bool:
    try:
        return bool(turns.asks())
    except requests.RequestException:
        return False
