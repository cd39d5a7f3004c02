"""What open pages are told, to whom, and how soon."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import insert

from kefu import rings
from kefu.bell import Bell
from kefu.console import streams
from kefu.console.live import LISTS_ANYWAY_SECONDS, Hub
from kefu.console.streams import Shown, Stream, encoded
from kefu.console.tail import Tail
from kefu.handoff import desk, holder, reports
from kefu.handoff.history import note_in
from kefu.handoff.records import Handoff
from kefu.staff import access, people, sessions
from kefu.staff.people import Person
from kefu.storage import messages
from kefu.storage.engine import writing
from kefu.storage.tables import internal_notes
from tests.console import scene
from tests.console.visitors import PASSWORD

pytestmark = pytest.mark.usefixtures("database")

PATIENCE = 10.0


@pytest_asyncio.fixture
async def hub(database: str) -> AsyncIterator[Hub]:
    made = Hub()
    await made.open()
    yield made
    await made.close()


def hire(login: str, role: str = "agent") -> Person:
    return people.add(login, login.title(), role, PASSWORD, time.time())  # type: ignore[arg-type]


class Page:
    """An open page of a person, as the browser would read its stream."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.heard: list[tuple[str, dict[str, Any]]] = []

    async def hear(self, kind: str, /, text: str = "", **what: Any) -> dict[str, Any]:
        """Wait for an event with these values, and with a text in its HTML."""
        deadline = time.monotonic() + PATIENCE
        while True:
            for known, data in self.heard:
                if known == kind and what.items() <= data.items() and text in data.get("html", ""):
                    return data
            left = deadline - time.monotonic()
            assert left > 0, f"no {kind} {what} in {[known for known, _ in self.heard]}"
            self._keep(await self.stream.take(left))

    async def all(self, kind: str) -> list[dict[str, Any]]:
        """Return all events of a kind so far."""
        self._keep(await self.stream.take(0.01))
        return [data for known, data in self.heard if known == kind]

    def _keep(self, text: bytes) -> None:
        for event in text.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in event.splitlines())
            if fields:
                self.heard.append((fields["event"], json.loads(fields["data"])))


async def opens(hub: Hub, person: Person, *handoffs: Handoff) -> Page:
    session = sessions.open_session(person.id, time.time())
    found = sessions.find(session.token, time.time())
    assert found is not None
    shown = tuple(Shown(one.id, one.conversation) for one in handoffs)
    return Page(await hub.join(Stream(person, found.token_hash, shown)))


async def test_a_customers_message_is_on_the_agents_page_at_once(hub: Hub) -> None:
    wang = hire("wang")
    handoff = scene.waits(scene.arrives())
    desk.take(handoff.id, "wang", time.time())
    page = await opens(hub, wang)
    await page.hear("list", name="mine")
    began = time.monotonic()
    number = scene.says(handoff.conversation, "在吗 <b>")
    told = await page.hear("message", message=number)
    assert time.monotonic() - began < 0.9  # by the bell, not by the next look
    assert told["handoff"] == handoff.id and told["author"] == "customer"
    assert "在吗 &lt;b&gt;" in told["html"]


async def test_nobody_else_is_told_what_a_customer_says(hub: Hub) -> None:
    wang, li, boss = hire("wang"), hire("li"), hire("boss", "operator")
    mine, other = scene.waits(scene.arrives("o_1")), scene.waits(scene.arrives("o_2"))
    desk.take(mine.id, "wang", time.time())
    desk.take(other.id, "li", time.time())
    # 小李 names a conversation that is not hers; the operator looks on.
    pages = [await opens(hub, wang), await opens(hub, li, mine), await opens(hub, boss, mine)]
    number = scene.says(mine.conversation, "悄悄话")
    await pages[0].hear("message", message=number)
    await pages[2].hear("message", message=number)
    await pages[1].hear("list", name="mine")
    assert {data["handoff"] for data in await pages[1].all("message")} <= {other.id}
    assert not any("悄悄话" in json.dumps(data) for _, data in pages[1].heard)


async def test_what_no_bell_tells_is_found_all_the_same(hub: Hub, database: str) -> None:
    wang = hire("wang")
    handoff = scene.waits(scene.arrives())
    desk.take(handoff.id, "wang", time.time())
    page = await opens(hub, wang)
    recorded = messages.record(handoff.conversation, "customer", "text", "在", None, time.time())
    await page.hear("message", message=recorded.id)


async def test_the_lists_of_all_follow_who_waits(hub: Hub) -> None:
    page = await opens(hub, hire("wang"))
    await page.hear("list", text='data-count="0"', name="waiting")
    page.heard.clear()
    handoff = scene.waits(scene.arrives(), "发票怎么开")
    await page.hear("list", text="发票怎么开", name="waiting")
    page.heard.clear()
    desk.take(handoff.id, "li", time.time())
    await page.hear("list", text='data-count="0"', name="waiting")


async def test_a_list_that_is_as_it_was_is_not_sent_again(hub: Hub) -> None:
    wang = hire("wang")
    page = await opens(hub, wang)
    await page.hear("list", name="left")
    page.heard.clear()
    scene.waits(scene.arrives())
    await page.hear("list", name="waiting")
    assert [data["name"] for data in await page.all("list")] == ["waiting"]


async def test_after_a_transfer_the_new_agent_is_told_and_the_old_one_no_more(hub: Hub) -> None:
    wang, li = hire("wang"), hire("li")
    handoff = scene.waits(scene.arrives())
    desk.take(handoff.id, "wang", time.time())
    old, new = await opens(hub, wang, handoff), await opens(hub, li)
    desk.transfer(handoff.id, "wang", "li", time.time())
    await old.hear("handoff", kind="transferred")
    await new.hear("list", text=f"/desk/{handoff.id}", name="mine")
    number = scene.says(handoff.conversation, "给新客服")
    await new.hear("message", message=number)
    assert number not in [data["message"] for data in await old.all("message")]


async def test_a_failed_send_is_told_with_its_reason(hub: Hub) -> None:
    wang = hire("wang")
    handoff = scene.waits(scene.arrives(channel="wechat:miniprogram"))
    page = await opens(hub, wang, handoff)
    number = desk.say(handoff.id, "wang", "在的", time.time(), "k1")
    await page.hear("message", text="发送中", message=number)
    scene.send_row(handoff.conversation, number, "dead", "微信：条数用完")
    await page.hear("notes", text="未送达：微信：条数用完", message=number)


async def test_a_customer_who_types_is_told_to_who_has_them(hub: Hub) -> None:
    wang, li = hire("wang"), hire("li")
    handoff = scene.waits(scene.arrives())
    desk.take(handoff.id, "wang", time.time())
    page, other = await opens(hub, wang), await opens(hub, li)
    Bell(rings.DESK).ring(f"typing:{handoff.conversation}")
    await page.hear("typing", handoff=handoff.id)
    assert await other.all("typing") == []


async def test_notes_and_events_come_between_the_messages(hub: Hub) -> None:
    wang = hire("wang")
    handoff = scene.waits(scene.arrives())
    desk.take(handoff.id, "wang", time.time())
    page = await opens(hub, wang)
    note = desk.note(handoff.id, "wang", "情绪不好", time.time())
    await page.hear("line", text="情绪不好", key=f"n-{note}")


async def test_the_rating_comes_to_the_page_but_not_what_is_said_later(hub: Hub) -> None:
    wang = hire("wang")
    handoff = scene.waits(scene.arrives())
    long_ago = time.time() - 7200
    desk.take(handoff.id, "wang", long_ago)
    holder.close(handoff.id, "done", long_ago)
    page = await opens(hub, wang, handoff)
    later = scene.says(handoff.conversation, "对助手说的")
    with writing() as connection:
        note_in(connection, handoff.id, handoff.conversation, "rated", time.time())
    rings.changed(handoff.conversation)
    await page.hear("handoff", kind="rated")
    assert later not in [data["message"] for data in await page.all("message")]


async def test_a_window_of_wechat_is_told_as_it_changes(hub: Hub) -> None:
    wang = hire("wang")
    handoff = scene.waits(scene.arrives(channel="wechat:miniprogram"))
    page = await opens(hub, wang, handoff)
    scene.window(handoff.conversation, 2, time.time() + 3600)
    told = await page.hear("window", handoff=handoff.id)
    assert told["window"]["left"] == 2 and told["window"]["open"] is True


async def test_a_stream_ends_when_the_session_does(hub: Hub) -> None:
    wang = hire("wang")
    page = await opens(hub, wang)
    sessions.end_all(wang.id)
    await page.hear("signed_out")
    assert page.stream.ended


async def test_an_open_page_counts_as_being_there(hub: Hub) -> None:
    wang = hire("wang")
    before = time.time()
    await opens(hub, wang)
    found = people.get(wang.id)
    assert found is not None and found.seen_at >= before


async def test_a_page_that_falls_behind_is_told_to_read_anew(hub: Hub) -> None:
    page = await opens(hub, hire("wang"))
    for number in range(streams.MOST + 1):
        page.stream.put(encoded("message", {"message": number}))
    assert len(await page.all("reload")) == 1
    assert len(page.heard) < streams.MOST


def _add_note(number: int) -> None:
    row = {"handoff": 1, "author": "wang", "body": "x", "created_at": 0.0}
    with writing() as connection:
        connection.execute(insert(internal_notes).values(id=number, conversation="c", **row))


def test_a_row_that_is_committed_after_one_with_a_greater_number_is_found_once() -> None:
    now = 100.0
    tail = Tail(internal_notes.c.id, internal_notes.c.conversation, clock=lambda: now)
    _add_note(1)
    tail.skip()
    _add_note(7)
    assert tail.new() == [(7, "c")]
    _add_note(5)
    assert tail.new() == [(5, "c")]
    assert tail.new() == []
    now = 200.0
    assert tail.new() == []
    _add_note(9)
    assert tail.new() == [(9, "c")]


async def test_two_pages_of_one_person_are_told_the_same(hub: Hub) -> None:
    wang = hire("wang")
    handoff = scene.waits(scene.arrives())
    pages = [await opens(hub, wang, handoff), await opens(hub, wang, handoff)]
    number = desk.say(handoff.id, "wang", "在的", time.time(), "k1")
    told = await asyncio.gather(*(page.hear("message", message=number) for page in pages))
    assert told[0] == told[1]
    assert 'data-sent-as="k1"' in told[0]["html"]


async def test_what_is_reported_is_told_when_somebody_only_rings(hub: Hub) -> None:
    page = await opens(hub, hire("boss", "operator"))
    await page.hear("list", name="reports")
    page.heard.clear()
    handoff = scene.waits(scene.arrives())
    await page.hear("list", name="waiting")
    page.heard.clear()
    reports.open_report("nobody_available", "没有客服在线", time.time())
    rings.changed(handoff.conversation)
    began = time.monotonic()
    await page.hear("list", text="没有客服在线", name="reports")
    assert time.monotonic() - began < LISTS_ANYWAY_SECONDS / 2


async def test_a_word_that_fails_after_the_end_is_told_to_who_said_it(hub: Hub) -> None:
    page = await opens(hub, hire("wang"))
    handoff = scene.leaves_ticket(scene.arrives(channel="wechat:miniprogram"))
    number = desk.say(handoff.id, "wang", "在的", time.time())
    desk.finish(handoff.id, time.time(), by="wang")
    await page.hear("list", text=f"/desk/{handoff.id}", name="over")
    scene.send_row(handoff.conversation, number, "dead", "微信：对方已取消关注")
    await page.hear("list", text="未送达", name="over")


async def test_a_page_is_told_of_all_that_is_on_the_screen(hub: Hub) -> None:
    boss = hire("boss", "operator")
    handoffs = [scene.waits(scene.arrives(f"o_{number}")) for number in range(3)]
    page = await opens(hub, boss, *handoffs[:2])
    said = [scene.says(handoff.conversation, "还在等") for handoff in handoffs]
    for number in said[:2]:
        await page.hear("message", message=number)
    assert said[2] not in [data["message"] for data in await page.all("message")]


async def test_who_is_told_what_a_customer_says_is_in_the_access_log_once(hub: Hub) -> None:
    wang = hire("wang")
    handoff = scene.waits(scene.arrives())
    desk.take(handoff.id, "wang", time.time())
    page = await opens(hub, wang)
    for text in ("在吗", "喂"):
        await page.hear("message", message=scene.says(handoff.conversation, text))
    deadline = time.monotonic() + PATIENCE
    while not (noted := access.entries(action="view_conversation")):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    assert [(one.login, one.conversation) for one in noted] == [("wang", handoff.conversation)]
