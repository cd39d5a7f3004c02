"""The model is changed while customers write: each of them is answered, once and in order."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.end_to_end.installation import Installation, a_customer, running
from tests.end_to_end.other_model import reworded
from tests.end_to_end.phone import Phone, said
from tests.end_to_end.processes import eventually, is_running
from tests.end_to_end.shown import texts

pytestmark = pytest.mark.end_to_end

FIRST, SECOND = "first.tar.gz", "second.tar.gz"
OLD_WORDS, NEW_WORDS = "电子发票一般", "自二月起电子发票一般"
INVOICE, FEE = "怎么开发票", "运费多少"
FEE_WORDS = "运费按"
TAKES_AT_MOST = 200.0
THINKS = 0.25

_SERVING = """
import json, sys, time
from dataclasses import asdict
from kefu.environment import environment
from kefu.running import serving
if sys.argv[1:]:
    serving.choose(environment().home / "models" / sys.argv[1], "运营", time.time())
print(json.dumps(asdict(serving.serving())))
"""
_TRANSCRIPTS = """
import json, sys
from kefu.storage.encryption import pseudonym
from kefu.storage.messages import transcript
found = [transcript(pseudonym("rest", customer), 1000) for customer in sys.argv[1:]]
print(json.dumps([[[line.author, line.text] for line in lines] for lines in found]))
"""
# No customer may write more often in a minute.
_MESSAGES_EACH = 20


@pytest.fixture(scope="module")
def kefu(tmp_path_factory: pytest.TempPathFactory, trained_model: Path) -> Iterator[Installation]:
    """Give an installation with two models, of which the first is in service."""
    folder = tmp_path_factory.mktemp("swap")
    first = folder / FIRST
    shutil.copy(trained_model, first)
    with running(folder, first, ["00:00-24:00"]) as kefu:
        second = kefu.home / "models" / SECOND
        reworded(first, second, OLD_WORDS, NEW_WORDS)
        os.utime(second, (first.stat().st_mtime - 1, first.stat().st_mtime - 1))
        yield kefu


def test_customers_notice_nothing_but_the_other_words(kefu: Installation) -> None:
    (pid,) = kefu.rasas().values()
    with conversing(kefu) as talks:
        for model in (SECOND, FIRST):
            choose(kefu, model)
            wait_for(kefu, model)
    for talk in talks:
        heard = talk.result()
        assert len(heard) > 10
        # The answers of one model, then of the other, then of the first again.
        changes = [one for one, next_ in pairwise(heard) if one != next_]
        assert changes == [False, True], heard
    eventually(lambda: not is_running(pid), TAKES_AT_MOST, "the first process is gone")
    eventually(lambda: len(kefu.rasas()) == 1, TAKES_AT_MOST, "there is one process")


def test_killed_new_process_leaves_the_customers_where_they_are(kefu: Installation) -> None:
    before = kefu.rasas()
    choose(kefu, SECOND)
    new = eventually(lambda: kefu.rasas().keys() - before.keys(), 40, "the second one loads")
    os.kill(kefu.rasas()[new.pop()], signal.SIGKILL)
    failed = eventually(lambda: serving(kefu)["failed"], 40, "it is given up")
    assert "强行结束" in failed
    assert OLD_WORDS in texts(kefu.say(a_customer(), INVOICE))
    eventually(lambda: kefu.rasas() == before, 20, "one process is left")


def test_killed_kefu_run_serves_what_was_chosen_at_the_next_start(kefu: Installation) -> None:
    before = kefu.rasas()
    choose(kefu, SECOND)
    eventually(lambda: len(kefu.rasas()) == 2, 40, "the second one loads")
    pids = [*kefu.rasas().values(), *before.values()]
    kefu.die()
    eventually(lambda: not any(map(is_running, pids)), 20, "all are gone")
    kefu.start()
    assert NEW_WORDS in texts(kefu.say(a_customer(), INVOICE))
    now = serving(kefu)
    assert (now["model"], now["switching_to"], now["failed"]) == (SECOND, None, None)
    assert len(kefu.rasas()) == 1


def test_changed_knowledge_base_waits_for_its_publication(kefu: Installation) -> None:
    kefu.stop()
    data = kefu.home / "data"
    source = data.resolve()
    data.unlink()
    shutil.copytree(source, data)
    (data / "knowledge" / "payment.yml").touch()
    kefu.start()
    assert "还没有发布" in kefu.printed
    assert NEW_WORDS in texts(kefu.say(a_customer(), INVOICE))


@contextmanager
def conversing(kefu: Installation) -> Iterator[list[Future[list[bool]]]]:
    """Let customers ask until the end of the block: with and without a kept connection."""
    done = threading.Event()
    talks: list[Callable[[Installation, threading.Event], list[bool]]]
    talks = [asks_on_one_connection, asks_on_one_connection, asks_anew, asks_in_wechat]
    with ThreadPoolExecutor(len(talks) + 1) as pool:
        polling = pool.submit(waits_for_people, kefu, done)
        started = [pool.submit(talk, kefu, done) for talk in talks]
        try:
            yield started
        finally:
            done.set()
        polling.result()


def asks_on_one_connection(kefu: Installation, done: threading.Event) -> list[bool]:
    with requests.Session() as session:
        session.trust_env = False
        return asks(kefu, done, session.post)


def asks_anew(kefu: Installation, done: threading.Event) -> list[bool]:
    return asks(kefu, done, requests.post)


def asks(kefu: Installation, done: threading.Event, post: Callable[..., Any]) -> list[bool]:
    """Ask in turns the two questions; return of each invoice whether it was the new model's."""
    customers, heard = [], []
    while not done.is_set():
        customers.append(a_customer())
        heard += asks_as(customers[-1], kefu, done, post)
    for lines in json.loads(python(kefu, _TRANSCRIPTS, *customers)):
        # Each question is followed by its answer, once.
        said_ = [FEE_WORDS in text if author == "bot" else text for author, text in lines]
        assert said_ == [INVOICE, False, FEE, True] * (len(lines) // 4)
    return heard


def asks_as(
    customer: str, kefu: Installation, done: threading.Event, post: Callable[..., Any]
) -> list[bool]:
    heard = []
    url = f"http://127.0.0.1:{kefu.rasa_port}/webhooks/rest/webhook"
    headers = {"Authorization": f"Bearer {kefu.token}"}
    for number in range(0, _MESSAGES_EACH, 2):
        if done.wait(THINKS):
            break
        for question, words in ((INVOICE, OLD_WORDS), (FEE, FEE_WORDS)):
            body = kefu.body(customer, question, message_id=f"{question} {number}")
            answer = post(url, json=body, headers=headers, timeout=20)
            assert answer.status_code == 200, answer.text
            assert words in texts(answer.json())
            if question == INVOICE:
                heard.append(NEW_WORDS in texts(answer.json()))
    return heard


def asks_in_wechat(kefu: Installation, done: threading.Event) -> list[bool]:
    phone, heard = Phone(kefu, a_customer()), []
    while not done.wait(THINKS):
        phone.say(INVOICE)
        heard.append(NEW_WORDS in said(phone.hears(OLD_WORDS)))
        phone.say(FEE)
        # What is still unheard then would be heard together with this.
        phone.hears(FEE_WORDS)
    return heard


def waits_for_people(kefu: Installation, done: threading.Event) -> None:
    """Ask for what people have written, all the time."""
    customer = a_customer()
    while not done.is_set():
        assert kefu.waiting(customer, wait=5) == []


def choose(kefu: Installation, model: str) -> None:
    assert json.loads(python(kefu, _SERVING, model))["switching_to"] == model


def wait_for(kefu: Installation, model: str) -> None:
    def answers() -> bool:
        now = serving(kefu)
        assert now["failed"] is None, now
        return bool(now["model"] == model and now["switching_to"] is None)

    eventually(answers, TAKES_AT_MOST, f"{model} answers")


def serving(kefu: Installation) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(python(kefu, _SERVING))
    return found


def python(kefu: Installation, program: str, *arguments: str) -> str:
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(
        command, cwd=kefu.home, env=kefu.variables, capture_output=True, text=True, check=True
    )
    return done.stdout
