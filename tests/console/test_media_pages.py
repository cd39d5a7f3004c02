"""Pictures of conversations: sent by agents, and seen by those alone who may."""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import insert, select, update

from kefu.handoff import desk
from kefu.staff import access
from kefu.storage import media, tables
from kefu.storage.engine import reading, writing
from kefu.storage.messages import record_in
from tests.console.seats import Seat, asks, customer, seat

pytestmark = pytest.mark.usefixtures("database")


def drawn(kind: str = "PNG", size: tuple[int, int] = (30, 20)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind)
    return out.getvalue()


def from_customer(conversation: str, content: bytes, content_type: str) -> int:
    """Let a customer send a file; return the message's id."""
    now = time.time()
    with writing() as connection:
        message = record_in(connection, conversation, "customer", "image", "", None, now).id
        media.keep(connection, message, conversation, "rest", content, content_type, now)
    return message


def send(by: Seat, number: int, content: Any, key: str | None = None, **headers: str) -> Any:
    key = uuid.uuid4().hex if key is None else key
    return by.post(
        f"/desk/{number}/picture", content=content, headers={"X-Message-Key": key, **headers}
    )


def pictures() -> list[Any]:
    query = select(tables.messages).where(tables.messages.c.kind == "image")
    with reading() as connection:
        return list(connection.execute(query))


def test_a_picture_reaches_the_customer_once() -> None:
    mei, handoff = seat("mei"), asks(customer())
    desk.take(handoff.id, "mei", time.time())
    first, again = (send(mei, handoff.id, drawn(), key="k1") for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    (message,) = pictures()
    assert (message.id, message.author, message.state) == (
        first.json()["message"],
        "agent",
        "pending",
    )
    shown = mei.get(f"/media/{message.id}")
    assert shown.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(shown.content)).size == (30, 20)


def test_a_form_may_carry_it() -> None:
    mei, handoff = seat("mei"), asks(customer())
    desk.take(handoff.id, "mei", time.time())
    path = f"/desk/{handoff.id}/picture?key=k2"
    files = {"picture": ("../../x.svg", drawn("JPEG"), "image/svg+xml")}
    answer = mei.post(path, files=files)
    assert answer.status_code == 200
    assert mei.get(f"/media/{answer.json()['message']}").headers["content-type"] == "image/jpeg"
    assert mei.post(path, files={"other": ("a.png", drawn(), "image/png")}).status_code == 415
    assert mei.post(path, data={"picture": "text"}, files={"x": b""}).status_code == 415
    broken = mei.post(path, content=b"--x", headers={"Content-Type": "multipart/form-data"})
    assert broken.status_code == 415
    assert len(pictures()) == 1


@pytest.mark.parametrize(
    "content",
    [
        "这是文字".encode(),
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"",
    ],
)
def test_what_is_no_picture_says_so_and_is_not_kept(content: bytes) -> None:
    mei, handoff = seat("mei"), asks(customer())
    answer = send(mei, handoff.id, content, **{"Content-Type": "image/png"})
    assert answer.status_code == 415
    assert "不是图片" in answer.json()["error"]
    assert pictures() == []


def test_twenty_megabytes_are_refused_without_being_held() -> None:
    mei, handoff = seat("mei"), asks(customer())
    announced = send(mei, handoff.id, b"\xff" * (20 * 1024 * 1024))
    assert announced.status_code == 413
    assert "10 MB" in announced.json()["error"]

    def chunks() -> Iterator[bytes]:
        for _ in range(320):
            yield b"\xff" * 65536

    unannounced = send(mei, handoff.id, chunks())
    assert unannounced.status_code == 413
    assert "10 MB" in unannounced.json()["error"]
    form = mei.post(
        f"/desk/{handoff.id}/picture?key=k", files={"picture": b"\xff" * (20 * 1024 * 1024)}
    )
    assert form.status_code == 413
    assert pictures() == []


def test_without_the_token_or_a_key_nothing_is_sent() -> None:
    mei, handoff = seat("mei"), asks(customer())
    path = f"/desk/{handoff.id}/picture"
    forged = mei.post(f"{path}?key=k", csrf="forged", content=drawn())
    assert forged.status_code == 403
    for key in ("", "k" * 65):
        assert send(mei, handoff.id, drawn(), key=key).status_code == 400
    assert pictures() == []


def test_another_agents_customer_gets_no_picture_of_mine() -> None:
    mei, lin, boss = seat("mei"), seat("lin"), seat("boss", "operator")
    handoff = asks(customer())
    desk.take(handoff.id, "lin", time.time())
    assert send(mei, handoff.id, drawn()).status_code == 403
    refused = send(boss, handoff.id, drawn())
    assert refused.status_code == 409
    assert lin.person.nickname in refused.json()["error"]
    assert send(mei, 999, drawn()).status_code == 404
    assert send(mei, 10**18, drawn()).status_code == 404
    assert pictures() == []


def test_a_closed_window_of_wechat_is_told_before_anything_is_recorded() -> None:
    mei, conversation = seat("mei"), customer()
    handoff = asks(conversation)
    desk.take(handoff.id, "mei", time.time())
    with writing() as connection:
        over = {"conversation": conversation, "sends_left": 5, "open_until": time.time() - 1}
        connection.execute(insert(tables.send_windows).values(**over))
    answer = send(mei, handoff.id, drawn())
    assert answer.status_code == 409
    assert "48 小时" in answer.json()["error"]
    assert pictures() == []


def test_what_a_customer_sends_is_shown_without_being_trusted() -> None:
    conversation = customer()
    asks(conversation)
    mei = seat("mei")
    image = mei.get(f"/media/{from_customer(conversation, drawn(), 'image/png')}")
    assert image.headers["content-disposition"].startswith("inline")
    assert "sandbox" in image.headers["content-security-policy"]
    assert image.headers["x-content-type-options"] == "nosniff"
    assert image.headers["cache-control"].startswith("private")
    voice = mei.get(f"/media/{from_customer(conversation, b'#!AMR' + b'x', 'audio/amr')}")
    assert voice.headers["content-disposition"].startswith("attachment")
    assert ".amr" in voice.headers["content-disposition"]
    page = mei.get(f"/media/{from_customer(conversation, b'<script>', 'text/html')}")
    assert page.headers["content-type"] == "application/octet-stream"
    assert page.headers["content-disposition"].startswith("attachment")


def test_files_are_for_those_who_may_read_the_conversation() -> None:
    conversation = customer()
    handoff = asks(conversation)
    mei, lin, boss = seat("mei"), seat("lin"), seat("boss", "operator")
    url = f"/media/{from_customer(conversation, drawn(), 'image/png')}"
    assert mei.get(url).status_code == lin.get(url).status_code == 200
    desk.take(handoff.id, "lin", time.time())
    assert mei.get(url).status_code == 404
    assert lin.get(url).status_code == boss.get(url).status_code == 200
    mei.client.cookies.clear()
    assert mei.get(url).status_code == 401


def test_what_is_sent_to_the_bot_later_is_not_for_the_agent_of_before() -> None:
    conversation = customer()
    handoff = asks(conversation)
    lin, boss = seat("lin"), seat("boss", "operator")
    desk.take(handoff.id, "lin", time.time())
    during = from_customer(conversation, drawn(), "image/png")
    desk.finish(handoff.id, time.time())
    later = from_customer(conversation, drawn(), "image/png")
    with writing() as connection:
        at = update(tables.messages).where(tables.messages.c.id == later)
        connection.execute(at.values(created_at=time.time() + 600))
    assert lin.get(f"/media/{during}").status_code == 200
    assert lin.get(f"/media/{later}").status_code == 404
    assert boss.get(f"/media/{later}").status_code == 200


def test_who_looked_at_a_file_is_noted() -> None:
    conversation = customer()
    asks(conversation)
    mei = seat("mei")
    message = from_customer(conversation, drawn(), "image/png")
    mei.get(f"/media/{message}")
    (entry,) = access.entries(action="view_media")
    assert (entry.login, entry.conversation) == ("mei", conversation)
    assert str(message) in (entry.detail or "")


@pytest.mark.parametrize("number", ["1", "999", "99999999999999999999"])
def test_there_is_no_file_of_a_text_or_of_nothing(number: str) -> None:
    asks(customer())  # message 1 is a text
    assert seat("mei").get(f"/media/{number}").status_code == 404
