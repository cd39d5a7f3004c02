"""The whole way out: a real server that is slow, broken, strict, or away."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable

import pytest

from kefu import rings
from kefu.handoff import holder, reports
from kefu.helpdesk import outbox
from kefu.helpdesk.client import Later, open_session, tell
from kefu.helpdesk.duty import HelpdeskDuty
from tests.helpdesk.double import HelpdeskDouble
from tests.helpdesk.made import asks, customer, outbox_kinds, writes

_DUTY = """
import asyncio
from kefu.helpdesk.duty import HelpdeskDuty
asyncio.run(HelpdeskDuty().run())
"""


class Clock:
    """A clock that can be put forward, so that nobody waits for a pause to end."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@contextlib.asynccontextmanager
async def at_work(clock: Callable[[], float] = time.time) -> AsyncIterator[None]:
    """Let a duty run; it ends as that of a process that is stopped."""
    task = asyncio.create_task(HelpdeskDuty(clock).run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], object], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(holds):
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


def asked(openid: str = "o_1") -> str:
    """Return the conversation of a customer who waits for a person now."""
    conversation = customer(openid, now=time.time())
    asks(conversation, time.time())
    return conversation


def says(conversation: str, text: str) -> None:
    writes(conversation, text, time.time())
    rings.changed(conversation)


async def test_requests_and_messages_arrive_in_order(configured: HelpdeskDouble) -> None:
    conversation = asked()
    async with at_work():
        await until(lambda: configured.kinds() == ["handoff.requested"])
        for number in range(8):
            says(conversation, f"第 {number} 句")
        await until(lambda: len(configured.taken) == 9)
    assert configured.texts() == [f"第 {number} 句" for number in range(8)]
    call = configured.calls[0]
    assert call["headers"]["x-kefu-event"] == call["id"] == configured.taken[0]["id"]


async def test_a_ring_brings_a_message_over_at_once(configured: HelpdeskDouble) -> None:
    conversation = asked()
    async with at_work():
        await until(lambda: configured.taken)
        started = time.monotonic()
        says(conversation, "在吗")
        await until(lambda: configured.texts() == ["在吗"])
        assert time.monotonic() - started < 1.0


@pytest.mark.parametrize("failure", [500, 502, 503, 429, 408, 3.0], ids=str)
async def test_what_failed_is_sent_again_and_takes_effect_once(
    configured: HelpdeskDouble, failure: int | float
) -> None:
    configured.script = [failure]
    conversation, clock = asked(), Clock()
    async with at_work(clock):
        await until(lambda: outbox.counts().failing == 1)
        says(conversation, "在吗")
        await until(lambda: outbox.counts().waiting == 2)
        clock.ahead += 10
        await until(lambda: outbox_kinds() == [])
    assert configured.kinds() == ["handoff.requested", "message.created"]
    assert len({call["id"] for call in configured.calls}) == 2
    assert len(configured.calls) == 3


async def test_a_slow_conversation_holds_up_no_other(configured: HelpdeskDouble) -> None:
    configured.script = [500]
    first = asked("o_1")
    async with at_work():
        await until(lambda: outbox.counts().failing == 1)
        second = asked("o_2")
        rings.changed(second)
        await until(lambda: configured.taken)
    assert [event["conversation"] for event in configured.taken] == [second]
    assert outbox.due(time.time() + 60, 5) == [first]


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422, 302], ids=str)
async def test_a_definite_refusal_is_given_up_at_once_and_reported(
    configured: HelpdeskDouble, status: int
) -> None:
    configured.script = [status]
    configured.headers = {"Location": f"{configured.url}/elsewhere"}
    asked()
    async with at_work():
        await until(lambda: outbox.counts().dead == 1)
        await until(reports.open_reports)
    assert f"HTTP {status}" in outbox.dead_events(1)[0].error
    assert [report.kind for report in reports.open_reports()] == ["helpdesk_down"]
    # No redirect is followed: what was said goes to the one address that was configured.
    assert [call["path"] for call in configured.calls] == ["/kefu"]


async def test_a_dead_event_arrives_after_a_person_sends_it_again(
    configured: HelpdeskDouble,
) -> None:
    configured.script = [400]
    asked()
    async with at_work():
        await until(lambda: outbox.counts().dead == 1)
        outbox.again(time.time())
        await until(lambda: configured.kinds() == ["handoff.requested"])
        await until(lambda: reports.open_reports() == [])


async def test_a_helpdesk_that_is_away_is_reported_until_it_is_back(
    configured: HelpdeskDouble,
) -> None:
    configured.script = [503] * 3
    clock = Clock()
    conversations = [asked(f"o_{number}") for number in range(3)]
    async with at_work(clock):
        await until(lambda: [r.kind for r in reports.open_reports()] == ["helpdesk_down"])
        assert "HTTP 503" in reports.open_reports()[0].text
        await until(lambda: outbox.counts().failing == 3)
        for conversation in conversations[1:]:
            put_off_for_an_hour(conversation, clock())
        clock.ahead += 10
        # The first is due; the others need not wait any longer when it is taken.
        await until(lambda: len(configured.taken) == 3)
        await until(lambda: reports.open_reports() == [])


def put_off_for_an_hour(conversation: str, now: float) -> None:
    event = outbox.head(conversation, now + 60)
    assert event is not None
    outbox.put_off(event, "连不上", now, at_least=3600)


@pytest.mark.usefixtures("fresh_home")
async def test_where_nobody_listens_the_event_is_sent_again_later() -> None:
    async with open_session() as session:
        outcome = await tell(session, "http://127.0.0.1:9/", 0.5, "e", "{}", time.time())
    assert isinstance(outcome, Later)
    assert "连不上外部客服系统" in outcome.error


async def test_a_process_that_is_killed_loses_nothing_and_doubles_nothing(
    configured: HelpdeskDouble,
) -> None:
    configured.script = [0.4]
    conversation = asked()
    with subprocess.Popen([sys.executable, "-c", _DUTY]) as process:
        # It is killed while it waits for the answer to an event that has arrived.
        await until(lambda: configured.calls)
        process.kill()
    await until(lambda: configured.taken)
    assert outbox_kinds() == ["handoff.requested"]
    writes(conversation, "在吗", time.time())
    holder.cancel(conversation, time.time() + 0.01)
    async with at_work():
        await until(lambda: configured.kinds()[-1:] == ["handoff.cancelled"])
    kinds = ["handoff.requested", "message.created", "handoff.cancelled"]
    assert configured.kinds() == kinds
    assert [call["type"] for call in configured.calls] == ["handoff.requested", *kinds]


async def test_of_two_consoles_one_sends(configured: HelpdeskDouble) -> None:
    for number in range(10):
        asked(f"o_{number}")
    async with at_work(), at_work():
        await until(lambda: len(configured.taken) == 10)
    assert len(configured.calls) == 10


async def test_without_an_address_nothing_is_done(database: str) -> None:
    asked()
    await asyncio.wait_for(HelpdeskDuty().run(), 5)
    assert outbox_kinds() == []
