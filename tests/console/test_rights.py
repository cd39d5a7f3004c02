"""Who may read which conversation."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from kefu.console.rights import holds, may_open, readable_until
from kefu.staff.person import Person, Role


@dataclass
class Some:
    state: str
    agent: str | None = None
    closed_at: float | None = None


def person(role: Role, login: str = "wang") -> Person:
    return Person(
        id=1,
        login=login,
        nickname="小王",
        role=role,
        must_change=False,
        active=True,
        skills=(),
        hours=None,
        max_chats=5,
        state="online",
        state_at=0.0,
        seen_at=0.0,
        assigned_at=0.0,
        has_picture=False,
        locked_until=0.0,
        signed_in_at=None,
    )


@pytest.mark.parametrize(
    ("handoff", "may"),
    [
        (Some("waiting"), True),
        (Some("left"), True),
        (Some("agent", "wang"), True),
        (Some("closed", "wang", 5.0), True),
        (Some("agent", "li"), False),
        (Some("closed", "li", 5.0), False),
        (Some("closed", None, 5.0), False),
    ],
)
def test_an_agent_reads_what_is_free_and_what_is_or_was_theirs(handoff: Some, may: bool) -> None:
    assert may_open(person("agent"), handoff) is may


@pytest.mark.parametrize("role", ["operator", "administrator"])
def test_operators_read_everything_but_hold_only_their_own(role: Role) -> None:
    other = Some("agent", "li")
    assert may_open(person(role), other)
    assert not holds(person(role), other)


def test_an_agent_does_not_read_what_the_customer_tells_the_bot_afterwards() -> None:
    closed = Some("closed", "wang", 1000.0)
    until = readable_until(person("agent"), closed)
    assert until is not None and 1000.0 < until < 1000.0 + 3600
    assert readable_until(person("operator"), closed) is None
    assert readable_until(person("agent"), Some("agent", "wang")) is None
