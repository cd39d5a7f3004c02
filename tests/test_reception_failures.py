"""Silence, exceptions, crashes and a failing database: the customer is answered all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from kefu.environment import environment
from kefu.handoff import holder
from kefu.reception import Reception
from kefu.settings import settings
from kefu.storage import messages, tables
from kefu.storage.encryption import pseudonym
from kefu.storage.engine import writing
from tests.channels.scripted import (
    BROKEN,
    CUSTOMER,
    ENDLESS,
    SILENT,
    Script,
    a_message,
    outcomes,
    said_by,
    started,
    until,
)
from tests.handoff.moments import NIGHT, NOON

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture
def script(fresh_home: Path) -> Script:
    return Script()


@pytest.fixture
def reception(script: Script) -> Reception:
    return Reception(script, lambda: NOON)


@pytest.fixture
def impatient(tmp_path: Path, fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings with a short time-out of a turn."""
    given = yaml.safe_load((PROJECT / "settings.yml").read_text("utf-8"))
    given["reception"]["turn_timeout"] = 0.2
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.yml").write_text(yaml.safe_dump(given, allow_unicode=True), "utf-8")
    monkeypatch.setenv("KEFU_HOME", str(home))
    environment.cache_clear()
    settings.cache_clear()


@pytest.mark.parametrize("said", [SILENT, BROKEN])
async def test_failed_turn_becomes_an_apology_and_a_ticket(
    reception: Reception, script: Script, said: str
) -> None:
    answer = await reception.receive(a_message(said, "m1"))
    assert answer.state == "failed"
    assert settings().assistant.apology in said_by(answer)
    assert "正在为你转接人工客服" in said_by(answer)
    assert answer.replies[0]["buttons"] == [{"title": "取消排队", "payload": "取消排队"}]
    (ticket,) = holder.open_handoffs()
    assert (ticket.reason, ticket.question, ticket.state) == ("failed_turn", said, "waiting")
    assert outcomes() == ["failed"]
    assert await reception.receive(a_message(said, "m1")) == answer
    assert len(script.turns) == 1


async def test_failed_turn_at_night_leaves_a_message_and_the_bot_goes_on(script: Script) -> None:
    reception = Reception(script, lambda: NIGHT)
    answer = await reception.receive(a_message(BROKEN))
    assert settings().assistant.apology in said_by(answer)
    assert "现在不在人工服务时间" in said_by(answer) and "周一至周日 9:00–18:00" in said_by(answer)
    assert "buttons" not in answer.replies[0]
    assert [ticket.state for ticket in holder.open_handoffs()] == ["left"]
    assert said_by(await reception.receive(a_message("怎么开发票"))) == "答：怎么开发票"


async def test_customer_who_waited_in_vain_is_the_bots_again_and_keeps_a_ticket(
    script: Script,
) -> None:
    holder.request(pseudonym("rest", CUSTOMER), "keyword", "转人工", None, NOON)
    later = NOON + settings().handoff.idle_minutes * 60
    reception = Reception(script, lambda: later)
    assert said_by(await reception.receive(a_message("怎么开发票"))) == "答：怎么开发票"
    assert [ticket.state for ticket in holder.open_handoffs()] == ["left"]


@pytest.mark.usefixtures("impatient")
async def test_turn_without_end_is_ended(script: Script) -> None:
    reception = Reception(script, lambda: NIGHT)
    answer = await asyncio.wait_for(reception.receive(a_message(ENDLESS)), 5)
    assert answer.state == "failed"
    assert settings().assistant.apology in said_by(answer)
    assert [ticket.reason for ticket in holder.open_handoffs()] == ["failed_turn"]
    assert said_by(await reception.receive(a_message("怎么开发票"))) == "答：怎么开发票"


async def test_messages_left_by_a_crash_are_answered_and_wait(script: Script) -> None:
    script.open.clear()
    crashed = Reception(script, lambda: NOON)
    lost = [await started(crashed, "怎么开发票", "m1")]
    image = "https://img.example/1.png"
    lost += [await started(crashed, image, "m2", customer="o_other", kind="image")]
    await until(lambda: lost[1].done() and script.turns)
    with writing() as connection:
        connection.execute(tables.messages.delete().where(tables.messages.c.author == "bot"))
        connection.execute(tables.messages.update().values(state="received", turn=None))

    after = Script()
    reception = Reception(after, lambda: NOON + 60)
    assert await reception.recover() == 2
    conversation = pseudonym("rest", CUSTOMER)
    await until(lambda: messages.pending_out(conversation))
    await until(lambda: messages.pending_out(pseudonym("rest", "o_other")))
    (waiting,) = messages.take_out(conversation, NOON + 60)
    assert "答：怎么开发票" in waiting.body
    assert [turn.message_id for turn in after.turns] == [script.turns[0].message_id]
    again = await reception.receive(a_message("怎么开发票", "m1"))
    assert (said_by(again), len(after.turns)) == ("答：怎么开发票", 1)
    assert await Reception(after, lambda: NOON + 120).recover() == 0
    for task in lost:
        task.cancel()


async def test_retry_meets_the_recovery_of_the_same_message(script: Script) -> None:
    script.open.clear()
    lost = await started(Reception(script, lambda: NOON), "怎么开发票", "m1")
    await until(lambda: script.turns)
    after = Script()
    reception = Reception(after, lambda: NOON + 60)
    await reception.recover()
    again = await reception.receive(a_message("怎么开发票", "m1"))
    assert (said_by(again), len(after.turns)) == ("答：怎么开发票", 1)
    lost.cancel()


async def test_database_that_fails_is_an_error_for_the_channel(reception: Reception) -> None:
    with writing() as connection:
        connection.execute(text("DROP TABLE messages"))
    with pytest.raises(SQLAlchemyError):
        await asyncio.wait_for(reception.receive(a_message("怎么开发票")), 5)


async def test_database_that_fails_during_the_turn_still_gives_an_apology(
    reception: Reception, script: Script
) -> None:
    script.open.clear()
    task = await started(reception, BROKEN)
    await until(lambda: script.turns)
    with writing() as connection:
        connection.execute(text("DROP TABLE handoffs"))
        connection.execute(text("DROP TABLE turns"))
    script.open.set()
    answer = await asyncio.wait_for(task, 5)
    assert (answer.state, said_by(answer)) == ("failed", settings().assistant.apology)
