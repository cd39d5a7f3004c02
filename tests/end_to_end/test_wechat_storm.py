"""Many customers at once, a platform that misbehaves, and each of our processes killed.

KEFU_STORM sets the number of messages and KEFU_STORM_RATE how many come a second.
"""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from kefu.knowledge.model import read_knowledge
from kefu.storage.encryption import Cipher
from tests.end_to_end.installation import Installation, running
from tests.end_to_end.phone import Platform
from tests.end_to_end.processes import eventually
from tests.model import PROJECT

pytestmark = pytest.mark.end_to_end

MESSAGES = int(os.environ.get("KEFU_STORM", "600"))
CUSTOMERS = max(20, MESSAGES // 20)
A_SECOND = float(os.environ.get("KEFU_STORM_RATE", "12"))
KILLS = ((0.15, "wechat"), (0.35, "actions"), (0.5, "rasa"), (0.75, "wechat"), (0.85, "shop"))
FAULTS = {
    "duplicate_rate": 0.05,
    "reorder_rate": 0.02,
    "fault_error_rate": 0.05,
    "fault_errors": [-1],
    # A person would not wait longer for the storm to be over.
    "reorder_hold": 2.0,
}


@dataclass(frozen=True)
class Row:
    """A send as our outbox keeps it."""

    id: int
    conversation: str
    turn: int | None
    state: str
    error: str | None
    content: str


@pytest.fixture
def storm(tmp_path: Path, trained_model: Path) -> Iterator[Installation]:
    with running(tmp_path, trained_model, ["00:00-24:00"]) as kefu:
        yield kefu


def test_every_message_is_answered_once_or_in_the_dead_letters(storm: Installation) -> None:
    platform = Platform(storm)
    platform.post("switches", **FAULTS)
    appid = platform.appid("miniprogram")
    asked = _ask_all(storm, platform, appid)
    _wait_until_quiet(storm)
    delivered = platform.get("record", kind="pushes")["pushes"]
    lost = [push for push in delivered if push["outcome"] != "success"]
    print(_summary(asked, delivered))
    assert (len(delivered), lost) == (asked, [])

    messages = _messages(storm)
    assert len(messages) == asked
    assert {state for _, _, state in messages} <= {"answered", "merged", "failed"}

    rows = _sends(storm)
    answered = {turn for turn, _, state in messages if state != "merged"}
    of_turn = defaultdict(list)
    for row in rows:
        of_turn[row.turn].append(row)
    assert answered <= set(of_turn), "a turn has no send"
    assert all(len(of_turn[turn]) == 1 for turn in answered), "a turn was sent twice"
    assert all(row.error for row in rows if row.state == "dead")
    assert {row.state for row in rows} <= {"sent", "dead"}
    _assert_platform_saw(rows, platform.get("record", kind="sends")["sends"])


def _ask_all(storm: Installation, platform: Platform, appid: str) -> int:
    """Send everything, kill in between; return how many messages that were."""
    questions = [
        entry.question.text
        for category in read_knowledge(PROJECT)
        for entry in category.entries
        if entry.label != "service/complaint" and len(entry.question.text) < 30
    ]
    plan = [
        (f"o_storm_{n % CUSTOMERS:04d}", questions[(n // CUSTOMERS + n) % len(questions)])
        for n in range(MESSAGES)
    ]
    kills = threading.Thread(target=_kill_in_turn, args=(storm, platform, MESSAGES / A_SECOND))
    kills.start()
    began = time.monotonic()
    local = threading.local()

    def say(number: int) -> None:
        wait = began + number / A_SECOND - time.monotonic()
        if wait > 0:
            threading.Event().wait(wait)
        http = getattr(local, "http", None)
        if http is None:
            http = local.http = requests.Session()
            http.trust_env = False
        openid, text = plan[number]
        body = {"appid": appid, "openid": openid, "type": "text", "content": text}
        url = f"http://127.0.0.1:{storm.double_port}/_control/say"
        http.post(url, json=body, timeout=60).raise_for_status()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(say, range(MESSAGES)))
    kills.join()
    return len(plan)


def _kill_in_turn(storm: Installation, platform: Platform, seconds: float) -> None:
    began = time.monotonic()
    for share, name in KILLS:
        wait = began + share * seconds - time.monotonic()
        if wait > 0:
            threading.Event().wait(wait)
        storm.kill(name)
        if name == "actions":
            platform.post("tokens/expire")


def _wait_until_quiet(storm: Installation) -> None:
    for name in ("rasa", "wechat", "actions", "shop"):
        storm.wait_healthy(name, 90)
    eventually(lambda: not _open(storm), 120 + MESSAGES / 10, "all is answered and sent")


def _open(storm: Installation) -> int:
    waiting = (
        "SELECT (SELECT count(*) FROM messages WHERE state IN ('received', 'pending'))"
        " + (SELECT count(*) FROM sends WHERE state IN ('pending', 'sending'))"
    )
    deliveries = Platform(storm).get("record", kind="pushes")["pushes"]
    under_way = MESSAGES - sum(1 for push in deliveries if push["outcome"])
    return int(_query(storm, waiting)[0][0]) + under_way


def _messages(storm: Installation) -> list[tuple[int, str, str]]:
    query = "SELECT id, conversation, state FROM messages WHERE author = 'customer' ORDER BY id"
    return _query(storm, query)


def _sends(storm: Installation) -> list[Row]:
    secrets = json.loads((storm.var / "secrets.json").read_text("utf-8"))
    cipher = Cipher(base64.urlsafe_b64decode(secrets["data_key"]))
    query = "SELECT id, conversation, turn, state, error, body FROM sends ORDER BY id"
    rows = []
    for id_, conversation, turn, state, error, sealed in _query(storm, query):
        body = json.loads(cipher.decrypt(sealed))
        rows.append(Row(id_, conversation, turn, state, error, body["text"]["content"]))
    return rows


def _assert_platform_saw(rows: list[Row], calls: list[dict[str, Any]]) -> None:
    """Check what reached the customers against our books: all of it, once, in its order."""
    ours: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        ours[row.conversation].append(row)
    theirs: dict[str, list[str]] = defaultdict(list)
    for call in sorted(calls, key=lambda call: call["at"]):
        if call["errcode"] == 0:
            theirs[call["openid"]].append(call["content"])
    # Conversations are pseudonyms: a customer is known by what was said to them.
    left = [list(said) for said in theirs.values()]
    for conversation_rows in ours.values():
        match = next((said for said in left if _fits(conversation_rows, said)), None)
        assert match is not None, [(row.state, row.content[:20]) for row in conversation_rows]
        left.remove(match)
    assert left == []


def _fits(rows: list[Row], said: list[str]) -> bool:
    """Tell whether a customer's chat is what our books say; the outcome of a dead one is open."""
    heard = iter(said)
    following = next(heard, None)
    for row in rows:
        if following == row.content:
            following = next(heard, None)
        elif row.state == "sent":
            return False
    return following is None


def _summary(asked: int, delivered: list[dict[str, Any]]) -> str:
    attempts = Counter(push["attempts"] for push in delivered)
    return f"{asked} asked, deliveries {dict(attempts)}"


def _query(storm: Installation, query: str) -> list[Any]:
    with closing(sqlite3.connect(storm.var / "kefu.db", timeout=30)) as database:
        return database.execute(query).fetchall()
