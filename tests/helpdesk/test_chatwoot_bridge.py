"""The documented example: kefu, the bridge as a process of its own, and a Chatwoot."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image
from starlette.applications import Starlette

from kefu import rings
from kefu.console import helpdesk_routes
from kefu.environment import secret
from kefu.handoff import holder
from kefu.handoff.records import Handoff
from kefu.helpdesk import outbox
from kefu.helpdesk.duty import HelpdeskDuty
from kefu.running.listening import listen
from kefu.storage import media, messages
from kefu.storage.engine import writing
from tests.databases import PROJECT
from tests.helpdesk.chatwoot_double import INBOX, TOKEN, WEBHOOK_SECRET, ChatwootDouble
from tests.helpdesk.conftest import configure
from tests.helpdesk.double import served, until
from tests.helpdesk.made import OPENID, asks, customer, writes

PATH_TOKEN = "a-long-token-that-nobody-guesses"


@pytest.fixture
def chatwoot(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ChatwootDouble]:
    """Run all three; what kefu tells the bridge goes on to Chatwoot and back."""
    port = free_port()
    double = ChatwootDouble()
    double.hook_url = f"http://127.0.0.1:{port}/chatwoot/{PATH_TOKEN}"
    configure(tmp_path / "home", f"http://127.0.0.1:{port}/kefu", monkeypatch)
    kefu = Starlette(routes=helpdesk_routes.routes())
    with (
        served(double.app()) as double.url,
        served(kefu) as kefu_url,
        bridge(port, double.url, kefu_url, tmp_path),
        duty(),
    ):
        yield double


@contextlib.contextmanager
def bridge(port: int, chatwoot_url: str, kefu_url: str, folder: Path) -> Iterator[None]:
    variables = {
        "KEFU_URL": kefu_url,
        "KEFU_HELPDESK_SECRET": secret("helpdesk_secret"),
        "CHATWOOT_URL": chatwoot_url,
        "CHATWOOT_INBOX": INBOX,
        "CHATWOOT_ACCOUNT": "1",
        "CHATWOOT_TOKEN": TOKEN,
        "CHATWOOT_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "BRIDGE_TOKEN": PATH_TOKEN,
        "BRIDGE_PORT": str(port),
        "BRIDGE_DATABASE": str(folder / "bridge.db"),
    }
    program = [sys.executable, str(PROJECT / "examples/chatwoot/bridge.py")]
    with subprocess.Popen(program, env={**os.environ, **variables}) as process:
        try:
            until(lambda: answers(f"http://127.0.0.1:{port}/"))
            yield
        finally:
            process.terminate()


@contextlib.contextmanager
def duty() -> Iterator[None]:
    """Run the duty in a thread with an event loop of its own."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(HelpdeskDuty().run())
    thread = threading.Thread(target=lambda: loop.run_until_complete(ended(task)))
    thread.start()
    yield
    loop.call_soon_threadsafe(task.cancel)
    thread.join(10)
    loop.close()


async def ended(task: asyncio.Task[None]) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await task


def free_port() -> int:
    with contextlib.closing(listen("127.0.0.1", 0, "替身", "-")) as socket:
        return int(socket.getsockname()[1])


def answers(url: str) -> bool:
    try:
        httpx.get(url)
    except httpx.TransportError:
        return False
    return True


def asked() -> Handoff:
    conversation = customer(now=time.time())
    writes(conversation, "怎么还没发货", time.time())
    made = asks(conversation, time.time())
    rings.changed(conversation)
    return made


def says(handoff: Handoff, text: str) -> None:
    writes(handoff.conversation, text, time.time())
    rings.changed(handoff.conversation)


def said(handoff: Handoff) -> list[str]:
    """Return what a person said to the customer."""
    waiting = messages.pending_out(handoff.conversation)
    return [message.body for message in waiting if message.author == "agent"]


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "PNG")
    return out.getvalue()


def test_a_conversation_goes_both_ways_until_the_agent_resolves_it(
    chatwoot: ChatwootDouble,
) -> None:
    handoff = asked()
    until(lambda: chatwoot.conversations and chatwoot.conversations[-1].said)
    shown = chatwoot.conversations[-1]
    assert shown.said == ["怎么还没发货"]
    assert "原因：顾客要求" in shown.notes[0]
    assert "顾客：怎么还没发货" in shown.notes[0]
    assert OPENID not in str(chatwoot.contacts) + str(shown)
    says(handoff, "单号能给我吗")
    until(lambda: shown.said[-1] == "单号能给我吗")
    assert chatwoot.writes("您好，稍等我查一下").status_code == 200
    assert said(handoff) == ["您好，稍等我查一下"]
    assert holder.get(handoff.id).agent == "外部:小李"
    assert chatwoot.resolves().status_code == 200
    assert holder.who_holds(handoff.conversation, time.time()) == "bot"
    until(lambda: "已结束" in shown.notes)


def test_private_notes_and_what_customers_write_do_not_come_back(
    chatwoot: ChatwootDouble,
) -> None:
    handoff = asked()
    until(lambda: chatwoot.conversations)
    assert chatwoot.writes("这位顾客很急", private=True).status_code == 200
    assert chatwoot.writes("怎么还没发货", message_type="incoming").status_code == 200
    assert said(handoff) == []
    assert holder.get(handoff.id).state == "waiting"


def test_pictures_go_both_ways(chatwoot: ChatwootDouble) -> None:
    handoff = asked()
    until(lambda: chatwoot.conversations)
    now = time.time()
    with writing() as connection:
        made = messages.record_in(
            connection, handoff.conversation, "customer", "image", "", None, now
        )
        media.keep(connection, made.id, handoff.conversation, "rest", png(), "image/png", now)
    rings.changed(handoff.conversation)
    until(lambda: chatwoot.conversations[-1].files)
    assert chatwoot.conversations[-1].files == [png()]
    chatwoot.picture = png()
    url = f"{chatwoot.url}/rails/active_storage/a.png"
    attachment = {"id": 5, "file_type": "image", "data_url": url}
    assert chatwoot.writes("", attachments=[attachment]).status_code == 200
    waiting = messages.pending_out(handoff.conversation)
    assert [m.kind for m in waiting if m.author == "agent"] == ["image"]


def test_a_webhook_that_comes_twice_says_one_thing(chatwoot: ChatwootDouble) -> None:
    handoff = asked()
    until(lambda: chatwoot.conversations)
    assert [chatwoot.writes("您好", id=900).status_code for _ in range(2)] == [200, 200]
    assert said(handoff) == ["您好"]


def test_what_cannot_be_said_any_more_is_explained_to_the_agent(
    chatwoot: ChatwootDouble,
) -> None:
    asked()
    until(lambda: chatwoot.conversations)
    chatwoot.writes("您好")
    chatwoot.resolves()
    assert chatwoot.writes("还有一句").status_code == 409
    assert any("没有发给顾客" in note and "已结束" in note for note in last(chatwoot))


def last(chatwoot: ChatwootDouble) -> list[str]:
    return chatwoot.conversations[-1].notes


def test_while_chatwoot_fails_kefu_keeps_what_it_has_to_tell(chatwoot: ChatwootDouble) -> None:
    chatwoot.script = [500]
    asked()
    until(lambda: outbox.counts().failing == 1)
    assert "HTTP 502" in (outbox.counts().last_error or "")
    outbox.hasten(time.time())
    until(lambda: chatwoot.conversations and chatwoot.conversations[-1].said)
    assert len(chatwoot.conversations) == 1


def test_strangers_are_turned_away(chatwoot: ChatwootDouble) -> None:
    handoff = asked()
    until(lambda: chatwoot.conversations)
    hook = {"event": "message_created", "id": 1, "content": "假的", "message_type": "outgoing"}
    attributes = {"custom_attributes": {"kefu_handoff": handoff.id}}
    forged = {**hook, "conversation": {"id": 1, **attributes}}
    assert chatwoot.hook(forged, secret="another").status_code == 401
    chatwoot.hook_url = chatwoot.hook_url.replace(PATH_TOKEN, "guess")
    assert chatwoot.hook(forged).status_code == 404
    kefu_side = chatwoot.hook_url.replace("/chatwoot/guess", "/kefu")
    assert httpx.post(kefu_side, json={"type": "ping", "id": "1"}).status_code == 401
    assert said(handoff) == []
