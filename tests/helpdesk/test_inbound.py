"""The whole way in: what the people of the helpdesk do reaches the customer, once."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.testclient import TestClient

from kefu.console import helpdesk_routes
from kefu.handoff import desk, holder
from kefu.handoff.records import Handoff
from kefu.helpdesk.pump import Pump
from kefu.storage import media, messages
from kefu.storage.engine import engine, writing
from kefu.storage.tables import media as media_table
from tests.helpdesk.calls import event, fetch, post
from tests.helpdesk.double import HelpdeskDouble
from tests.helpdesk.made import asks, customer


@pytest.fixture
def client(configured: HelpdeskDouble) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=helpdesk_routes.routes())) as made:
        yield made


@pytest.fixture
def handoff(configured: HelpdeskDouble) -> Handoff:
    """Give a customer who waits, of whom the helpdesk was told."""
    conversation = customer(now=time.time())
    made = asks(conversation, time.time())
    Pump().fill(time.time())
    return made


def said(handoff: Handoff, author: str = "agent") -> list[str]:
    """Return what waits for the customer."""
    waiting = messages.pending_out(handoff.conversation)
    return [message.body for message in waiting if message.author == author]


def code_of(response: Any) -> str:
    return str(response.json()["error"]["code"])


def picture() -> str:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def test_an_agent_accepts_writes_and_ends_and_the_customer_is_asked(
    client: TestClient, handoff: Handoff
) -> None:
    assert post(client, event("accepted", handoff.id)).json()["state"] == "agent"
    answer = post(client, event("message", handoff.id, text="您好，已经发货了")).json()
    assert answer["ok"] and answer["message"]
    assert said(handoff) == ["您好，已经发货了"]
    assert any("小李" in text and "外部" not in text for text in said(handoff, "system"))
    assert post(client, event("closed", handoff.id, None)).json()["state"] == "closed"
    assert holder.who_holds(handoff.conversation, time.time()) == "bot"
    assert "满意" in "".join(said(handoff, "bot"))


def test_the_first_words_of_an_agent_take_the_customer(
    client: TestClient, handoff: Handoff
) -> None:
    post(client, event("message", handoff.id, text="您好"))
    assert holder.get(handoff.id).agent == "外部:小李"
    assert holder.who_holds(handoff.conversation, time.time()) == "agent"


def test_the_same_event_again_says_nothing_more(client: TestClient, handoff: Handoff) -> None:
    given = event("message", handoff.id, text="您好")
    first, again = post(client, given), post(client, given)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == {**first.json(), "repeat": True}
    assert said(handoff) == ["您好"]


def test_events_that_race_under_one_id_say_one_thing(client: TestClient, handoff: Handoff) -> None:
    given = event("message", handoff.id, text="您好")
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: post(client, given), range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["message"] for answer in answers}) == 1
    assert said(handoff) == ["您好"]


def test_an_old_accept_that_is_sent_again_takes_nobody_back(
    client: TestClient, handoff: Handoff
) -> None:
    given = event("accepted", handoff.id)
    post(client, given)
    assert post(client, event("returned", handoff.id, None)).json()["state"] == "waiting"
    post(client, given)
    assert holder.get(handoff.id).state == "waiting"


def test_another_agent_of_theirs_may_go_on(client: TestClient, handoff: Handoff) -> None:
    post(client, event("message", handoff.id, text="您好"))
    assert post(client, event("message", handoff.id, "小张", text="我接着看")).status_code == 200
    assert said(handoff) == ["您好", "我接着看"]
    assert holder.get(handoff.id).agent == "外部:小张"


def test_a_picture_is_written_anew_and_sent(client: TestClient, handoff: Handoff) -> None:
    answer = post(client, event("picture", handoff.id, content=picture())).json()
    stored = media.stored(answer["message"])
    assert stored is not None and stored.content_type == "image/png"
    waiting = messages.pending_out(handoff.conversation)
    assert [m.kind for m in waiting if m.author == "agent"] == ["image"]


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"content": base64.b64encode(b"<svg/>").decode()}, 415, "bad_picture"),
        ({"content": "///"}, 400, "missing_content"),
        ({"content": 5}, 400, "missing_content"),
        ({}, 400, "missing_content"),
        ({"content": base64.b64encode(b"x" * 2_000_001).decode()}, 413, "too_large"),
    ],
    ids=["svg", "no base64", "a number", "nothing", "too large"],
)
def test_what_is_no_picture_is_refused(
    client: TestClient, handoff: Handoff, given: dict[str, Any], status: int, code: str
) -> None:
    answer = post(client, event("picture", handoff.id, **given))
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert holder.get(handoff.id).state == "waiting"


def test_one_of_ours_keeps_the_customer(client: TestClient, handoff: Handoff) -> None:
    desk.take(handoff.id, "小王", time.time())
    for given in (
        event("accepted", handoff.id),
        event("message", handoff.id, text="您好"),
        event("closed", handoff.id, None),
        event("returned", handoff.id, None),
    ):
        answer = post(client, given)
        assert (answer.status_code, code_of(answer)) == (409, "held_by_other"), given["type"]
    assert holder.get(handoff.id).agent == "小王"
    assert said(handoff) == []


def test_after_the_end_nothing_more_is_said(client: TestClient, handoff: Handoff) -> None:
    post(client, event("message", handoff.id, text="您好"))
    post(client, event("closed", handoff.id, None))
    late = post(client, event("message", handoff.id, text="还有一句"))
    assert (late.status_code, code_of(late)) == (409, "closed")
    assert post(client, event("closed", handoff.id, None)).status_code == 200
    assert said(handoff) == ["您好"]


def test_a_message_whose_receipt_a_crash_took_is_not_said_again(
    client: TestClient, handoff: Handoff
) -> None:
    given = event("message", handoff.id, text="您好")
    first = post(client, given).json()
    with engine().begin() as connection:
        connection.exec_driver_sql("DELETE FROM helpdesk_events WHERE state = 'received'")
    post(client, event("closed", handoff.id, None))
    again = post(client, given)
    assert (again.status_code, again.json()["message"]) == (200, first["message"])
    assert said(handoff) == ["您好"]


def test_a_handoff_that_they_were_not_told_of_is_not_theirs(client: TestClient) -> None:
    untold = asks(customer("o_2", now=time.time()), time.time())
    for number in (untold.id, 999, -1):
        answer = post(client, event("message", number, text="您好"))
        assert (answer.status_code, code_of(answer)) == (404, "unknown_handoff")
    assert messages.pending_out(untold.conversation) == []


def test_a_forged_or_old_request_changes_nothing(client: TestClient, handoff: Handoff) -> None:
    given = event("message", handoff.id, text="您好")
    forged = post(client, given, **{"X-Kefu-Signature": "v1=" + "0" * 64})
    old = post(client, given, now=time.time() - 400)
    missing = client.post("/helpdesk/events", json=given)
    for answer in (forged, old, missing):
        assert (answer.status_code, code_of(answer)) == (401, "unauthorized")
    assert holder.get(handoff.id).state == "waiting"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (b"\xff\xfe", "bad_json"),
        (b"[1]", "bad_json"),
        (b"[" * 100_000, "bad_json"),
        ({"type": "message"}, "bad_handoff"),
        ({"type": "handoff.requested", "handoff": 1}, "unknown_type"),
        ({"type": ["message"], "handoff": 1}, "unknown_type"),
        ({"type": "message", "handoff": "1"}, "bad_handoff"),
        ({"type": "message", "handoff": True}, "bad_handoff"),
        ({"type": "message", "handoff": 10**30}, "bad_handoff"),
        ({"type": "message", "handoff": 1, "agent": {"name": "小李"}}, "bad_id"),
        ({"type": "message", "handoff": 1, "id": "x" * 200}, "bad_id"),
        ({"type": "message", "handoff": 1, "id": "1", "text": "好"}, "missing_agent"),
        ({"type": "message", "handoff": 1, "id": "1", "agent": "小李"}, "missing_agent"),
        (
            {"type": "message", "handoff": 1, "id": "1", "agent": {"name": "小\n李"}},
            "missing_agent",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(
    client: TestClient, given: dict[str, Any] | bytes, code: str
) -> None:
    answer = post(client, given)
    assert (answer.status_code, code_of(answer)) == (400, code)


@pytest.mark.parametrize("text", ["", "  ", None, 5, ["好"], "好" * 2001])
def test_a_text_that_is_none_or_too_long_is_refused(
    client: TestClient, handoff: Handoff, text: object
) -> None:
    answer = post(client, event("message", handoff.id, text=text))
    assert answer.status_code == 400
    assert holder.get(handoff.id).state == "waiting"


def test_a_long_name_is_shortened_and_odd_characters_do_no_harm(
    client: TestClient, handoff: Handoff
) -> None:
    given = event("message", handoff.id, "李" * 80, text="<b>好</b>\x00\ud800")
    assert post(client, json.dumps(given).encode()).status_code == 200
    assert len(holder.get(handoff.id).agent or "") == 40
    assert said(handoff) == ["<b>好</b>?"]


def test_a_body_that_is_too_large_is_not_read_to_its_end(client: TestClient) -> None:
    answer = post(client, b"x" * 5_000_000)
    assert (answer.status_code, code_of(answer)) == (413, "too_large")


def test_a_file_of_the_customers_can_be_fetched_by_them_alone(
    client: TestClient, handoff: Handoff
) -> None:
    message = kept_file(handoff.conversation, "stored")
    answer = fetch(client, message)
    assert (answer.status_code, answer.content) == (200, b"bytes")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == "attachment"
    assert client.get(f"/helpdesk/media/{message}").status_code == 401
    # The signature is for one file.
    other = fetch(client, message, signed_path=f"/helpdesk/media/{message + 1}")
    assert other.status_code == 401


def test_a_file_that_is_not_there_yet_is_asked_for_again(
    client: TestClient, handoff: Handoff
) -> None:
    message = kept_file(handoff.conversation, "pending")
    answer = fetch(client, message)
    assert (answer.status_code, code_of(answer)) == (503, "not_ready")
    assert answer.headers["retry-after"] == "2"


def test_a_file_of_another_conversation_is_not_theirs(client: TestClient, handoff: Handoff) -> None:
    message = kept_file(customer("o_2", now=time.time()), "stored")
    for number in (message, 999):
        answer = fetch(client, number)
        assert (answer.status_code, code_of(answer)) == (404, "no_file")


def kept_file(conversation: str, state: str) -> int:
    now = time.time()
    with writing() as connection:
        made = messages.record_in(connection, conversation, "customer", "image", "", None, now)
        media.keep(connection, made.id, conversation, "rest", b"bytes", "image/png", now)
        mine = update(media_table).where(media_table.c.message == made.id)
        connection.execute(mine.values(state=state))
    return made.id


def test_where_no_helpdesk_is_configured_there_is_nothing(database: str) -> None:
    with TestClient(Starlette(routes=helpdesk_routes.routes())) as client:
        for answer in (post(client, event("message", 1, text="您好")), fetch(client, 1)):
            assert (answer.status_code, code_of(answer)) == (404, "off")
