"""People who are signed in, and the customers they have: made in the database, as it is quick."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from kefu.channels.wechat.accounts import Account
from kefu.handoff import holder
from kefu.staff import people, sessions
from kefu.storage.conversations import Visit, note
from kefu.storage.encryption import pseudonym
from kefu.storage.engine import writing


@dataclass(frozen=True)
class SignedIn:
    """A person, and what their browser has."""

    login: str
    token: str
    csrf: str


def sign_in(logins: Sequence[str]) -> list[SignedIn]:
    """Add agents who are at work, and begin a session of each."""
    return [_signed_in(login) for login in logins]


def hold(agent: str, account: Account, openids: Sequence[str]) -> dict[str, int]:
    """Let an agent have customers of an account; return the number of each one's handoff."""
    return {openid: _held(agent, account, openid) for openid in openids}


def _signed_in(login: str) -> SignedIn:
    now = time.time()
    person = people.add(login, f"客服{login}", "agent", secrets.token_urlsafe(16), now)
    people.set_state(person.id, "online", now)
    session = sessions.open_session(person.id, now)
    return SignedIn(login, session.token, session.csrf)


def _held(agent: str, account: Account, openid: str) -> int:
    conversation, now = pseudonym(account.channel, openid), time.time()
    with writing() as connection:
        note(connection, conversation, Visit(account.channel, openid), now)
    handoff = holder.request(conversation, "keyword", "转人工", None, now)
    return holder.accept(handoff.id, agent, now).id
