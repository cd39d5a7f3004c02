"""What Prometheus reads: it can be parsed, it only rises, and it names nobody."""

from __future__ import annotations

import time
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from kefu.metrics.exposition import Exposition
from kefu.metrics.totals import TurnTotals
from kefu.storage import conversations, messages, troubles
from kefu.storage.engine import writing
from kefu.storage.erasure import erase
from kefu.storage.tables import handoffs, ratings, sends, turns

OPENID = "o_demo_secret_openid"
pytestmark = pytest.mark.usefixtures("database")

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(exposition: Exposition | None = None) -> Samples:
    """Return what a scrape gives, by name and labels."""
    text = (exposition or Exposition()).text().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def turn(at: float, outcome: str = "answered", seconds: float | None = 0.4, **more: Any) -> None:
    row = {"conversation": "c", "channel": "rest", **more}
    with writing() as connection:
        connection.execute(
            turns.insert().values(started_at=at, outcome=outcome, reply_seconds=seconds, **row)
        )


def test_turns_are_counted_by_channel_and_outcome_without_tests() -> None:
    now = time.time()
    for age in (1, 86400, 400 * 86400):
        turn(now - age)
    turn(now - 2, "failed", 2.9)
    turn(now - 3, "held", 300.0)
    turn(now - 4, "answered", 7.0, channel="wechat:miniprogram")
    turn(now - 5, "answered", 1.0, test=True)
    found = samples()
    of_rest = {"channel": "rest", "outcome": "answered"}
    assert found["kefu_turns_total", tuple(of_rest.items())] == 3
    assert found["kefu_turns_total", (("channel", "rest"), ("outcome", "failed"))] == 1
    assert found["kefu_reply_seconds_count", (("channel", "rest"),)] == 4
    assert found["kefu_reply_seconds_bucket", (("channel", "rest"), ("le", "0.5"))] == 3
    assert found["kefu_reply_seconds_bucket", (("channel", "rest"), ("le", "3.0"))] == 4
    of_wechat = (("channel", "wechat:miniprogram"), ("le", "5.0"))
    assert found["kefu_reply_seconds_bucket", of_wechat] == 0
    assert found["kefu_reply_seconds_sum", (("channel", "wechat:miniprogram"),)] == 7.0


def test_totals_stay_whole_while_the_old_is_counted_once() -> None:
    totals, now = TurnTotals(), time.time()
    for age in (10, 1800, 7200, 86400):
        turn(now - age)
    assert totals.read(now)["rest", "answered"].count == 4
    turn(now + 1)
    assert totals.read(now + 2)["rest", "answered"].count == 5
    later = totals.read(now + 5 * 3600)
    assert later["rest", "answered"].count == 5
    assert later["rest", "answered"].within[1:3] == [0, 5]
    assert totals.read(now + 9 * 3600) == later


def handoff(conversation: str, state: str, at: float) -> None:
    row = {"reason": "keyword", "requested_at": at, "active_at": at}
    with writing() as connection:
        connection.execute(
            handoffs.insert().values(
                conversation=conversation, state=state, question="我的电话 13800000000", **row
            )
        )


def test_counters_do_not_fall_when_a_customer_is_erased() -> None:
    now = time.time()
    gone = conversations.remember("rest", OPENID, now)
    handoff(gone, "closed", now)
    handoff("c2", "waiting", now - 90)
    exposition = Exposition(keep=0)
    before = samples(exposition)
    assert before["kefu_handoffs_total", (("reason", "keyword"),)] == 2
    assert before["kefu_handoffs_open", (("state", "waiting"),)] == 1
    assert before["kefu_waiting_longest_seconds", ()] == pytest.approx(90, abs=30)
    erase(gone)
    assert samples(exposition)["kefu_handoffs_total", (("reason", "keyword"),)] == 2


def test_ratings_letters_and_failures_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(troubles, "_keeping", True)
    now = time.time()
    rated = {"conversation": "c", "channel": "rest", "asked_at": now, "state": "rated"}
    letter = {"conversation": "c", "channel": "wechat:m", "message": 1, "author": "bot"}
    timed = {"attempts": 1, "next_at": 0.0, "created_at": now - 60, "body": "{}"}
    with writing() as connection:
        for number, satisfied in enumerate((True, True, False, None)):
            connection.execute(
                ratings.insert().values(handoff=number, satisfied=satisfied, **rated)
            )
        for state in ("dead", "replaced", "pending", "sent"):
            connection.execute(sends.insert().values(state=state, **letter, **timed))
    troubles.note("shop:orders", now)
    troubles.note("shop:orders", now - 7200)
    troubles.flush()
    found = samples()
    assert found["kefu_ratings_total", (("answer", "satisfied"),)] == 2
    assert found["kefu_ratings_total", (("answer", "unsatisfied"),)] == 1
    assert found["kefu_ratings_total", (("answer", "asked"),)] == 4
    assert found["kefu_dead_letters_total", ()] == 2
    assert found["kefu_outbox_waiting", ()] == 1
    assert found["kefu_outbox_oldest_seconds", ()] >= 60
    assert found["kefu_errors_total", (("system", "shop:orders"),)] == 2


def test_the_installation_is_described() -> None:
    found = samples()
    assert found["kefu_knowledge_entries", (("category", "logistics"),)] > 0
    assert found["kefu_process_up", (("process", "rasa"),)] in (0, 1)
    assert found["kefu_disk_free_bytes", ()] > 0
    assert found["kefu_database_bytes", ()] > 0
    assert not [key for key, value in found.items() if key[0] == "kefu_collect_failed" and value]


def test_nothing_names_a_customer() -> None:
    now = time.time()
    conversation = conversations.remember("rest", OPENID, now)
    messages.record(conversation, "customer", "text", "我的电话 13800000000", None, now)
    handoff(conversation, "waiting", now)
    turn(now, conversation=conversation)
    text = Exposition().text().decode()
    assert OPENID not in text and conversation not in text and "13800000000" not in text


def test_part_that_cannot_be_measured_does_not_hide_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turn(time.time())
    monkeypatch.setenv("KEFU_WECHAT_MINIPROGRAM_APPID", "wx1")  # half configured
    found = samples()
    assert found["kefu_collect_failed", (("part", "machine"),)] == 1
    assert found["kefu_turns_total", (("channel", "rest"), ("outcome", "answered"))] == 1
