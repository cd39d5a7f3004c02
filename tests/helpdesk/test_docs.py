"""The page for those who connect a helpdesk says what is so."""

from __future__ import annotations

import inspect
import json
import re

import pytest

from kefu.console import helpdesk_routes
from kefu.helpdesk import events, inbound, inbound_format, signing
from kefu.helpdesk.pump import Pump
from tests.databases import PROJECT
from tests.helpdesk.made import NOON, asks, customer, outbox_kinds, writes
from tests.helpdesk.test_pump import told

PAGE = (PROJECT / "docs/helpdesk.md").read_text(encoding="utf-8")


def test_every_kind_of_event_is_documented_and_no_other() -> None:
    ours = {
        events.REQUESTED, events.CHANGED, events.CANCELLED, events.CLOSED, events.MESSAGE,
        events.PING,
    }  # fmt: skip
    rows = set(re.findall(r"^\| `([\w.]+)` \|", PAGE, re.MULTILINE))
    assert (ours | set(inbound_format.KINDS)) <= rows
    assert {row for row in rows if "." in row and "handoff." in row} <= {
        *ours, "handoff.number", "handoff.state", "handoff.reason", "handoff.category",
        "handoff.close_reason",
    }  # fmt: skip


def test_every_error_is_documented() -> None:
    sources = "".join(map(inspect.getsource, (inbound, inbound_format, helpdesk_routes)))
    raised = re.findall(r"(?:BadEvent|_refused)\((?:\d+|error\.status), \"(\w+)\"", sources)
    given = re.findall(r"\"(closed|held_by_other|not_held)\"", sources)
    assert len(set(raised)) > 10
    assert [code for code in {*raised, *given} if f"`{code}`" not in PAGE] == []


def test_the_example_of_a_signature_is_right() -> None:
    found = re.search(r"密钥 `(.+?)`，时间戳 `(\d+)`，正文 `(.+?)`，签名是\n`(.+?)`", PAGE)
    assert found is not None
    key, stamp, body, signature = found.groups()
    assert signing.signature(key, stamp, body.encode()) == signature


def test_the_example_of_an_event_can_be_read() -> None:
    example = next(text for text in blocks() if '"text": "您好' in text)
    event = inbound_format.read(example.encode())
    assert (event.kind, event.handoff, event.login) == ("message", 12, "外部:小李")


@pytest.mark.usefixtures("database")
def test_the_example_of_a_request_has_the_fields_of_a_real_one() -> None:
    conversation = customer()
    writes(conversation, "怎么还没发货")
    asks(conversation)
    Pump().fill(NOON)
    assert outbox_kinds() == ["handoff.requested"]
    (real,), example = told(), json.loads(next(t for t in blocks() if "transcript" in t))
    assert shape(example) == shape(real)


def blocks() -> list[str]:
    return re.findall(r"```json\n(.+?)```", PAGE, re.DOTALL)


def shape(value: object) -> object:
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else None
