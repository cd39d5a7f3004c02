"""The access token of an account: one fetch for all, renewed when refused, safe from crashes."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import text

from kefu.channels.wechat import token_table
from kefu.channels.wechat.errors import Busy, NotReached, Refused, WechatError
from kefu.channels.wechat.token_table import Lease
from kefu.channels.wechat.tokens import TokenStore
from kefu.channels.wechat.transport import open_session
from kefu.storage.engine import reading
from tests.channels.wechat.api_stub import SECRET, TOKEN_PATH, Stub, account, cut, serving
from tests.databases import PROJECT, database, empty_database

__all__ = ["database", "empty_database"]

pytestmark = pytest.mark.usefixtures("database")

# Another process of ours: gets the token once it is told to, and says what it got.
_PROCESS = """
import asyncio, sys
from kefu.channels.wechat.tokens import TokenStore
from kefu.channels.wechat.transport import open_session
from kefu.storage.engine import engine
from tests.channels.wechat.api_stub import account

async def main():
    async with open_session() as session:
        engine().connect().close()
        print("ready", flush=True)
        sys.stdin.readline()
        print(await TokenStore(session).get(account(sys.argv[1])), flush=True)

asyncio.run(main())
"""


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with serving() as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as opened:
        yield opened


def asked(stub: Stub) -> list[bool]:
    """Return for each request for a token whether it was by force."""
    return [call.json["force_refresh"] for call in stub.asked(TOKEN_PATH)]


async def test_token_is_asked_for_as_wechat_wants_it(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    ours = account(f"{stub.url}/")
    assert await TokenStore(session).get(ours) == stub.token
    (call,) = stub.asked(TOKEN_PATH)
    assert (call.method, call.query) == ("POST", {})
    assert call.json == {
        "grant_type": "client_credential",
        "appid": ours.appid,
        "secret": SECRET,
        "force_refresh": False,
    }


async def test_stored_token_serves_the_next_process_and_is_not_readable_in_the_table(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    await TokenStore(session).get(account(stub.url))
    assert await TokenStore(session).get(account(stub.url)) == stub.token
    assert len(asked(stub)) == 1
    with reading() as connection:
        stored = connection.execute(text("SELECT token FROM wechat_tokens")).scalar()
    assert stub.token.encode() not in bytes(stored)


async def test_accounts_have_tokens_of_their_own(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    store = TokenStore(session)
    stub.next(TOKEN_PATH, {"access_token": "of-the-other", "expires_in": 7200})
    assert await store.get(account(stub.url, appid="wx_other")) == "of-the-other"
    assert await store.get(account(stub.url)) == stub.token


@pytest.mark.parametrize(
    ("lifetime", "still", "no_more"), [(7200, 7139, 7141), (300, 239, 241), (100, 79, 81)]
)
async def test_token_is_replaced_some_time_before_it_expires(
    stub: Stub, session: aiohttp.ClientSession, lifetime: int, still: int, no_more: int
) -> None:
    clock = Clock()
    store, start = TokenStore(session, clock), clock.now
    stub.expires_in = lifetime
    await store.get(account(stub.url))
    clock.now = start + still
    await store.get(account(stub.url))
    assert len(asked(stub)) == 1
    clock.now = start + no_more
    await store.get(account(stub.url))
    assert asked(stub) == [False, False]


async def test_token_that_another_process_renewed_is_noticed_after_five_seconds(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    clock = Clock()
    one, other, ours = TokenStore(session, clock), TokenStore(session, clock), account(stub.url)
    old = await one.get(ours)
    new = await other.renew(ours, failing=old)
    assert await one.get(ours) == old
    clock.now += 5
    assert await one.get(ours) == new != old


async def test_refused_token_that_was_replaced_meanwhile_costs_no_request(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    one, other, ours = TokenStore(session), TokenStore(session), account(stub.url)
    old = await one.get(ours)
    new = await other.renew(ours, failing=old)
    requests = len(asked(stub))
    assert await one.renew(ours, failing=old) == new == stub.token
    assert len(asked(stub)) == requests


async def test_force_is_used_only_when_wechat_insists_on_the_refused_token(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    store, ours = TokenStore(session), account(stub.url)
    first = await store.get(ours)
    stub.token_number += 1
    second = await store.renew(ours, failing=first)
    assert asked(stub) == [False, False] and second == stub.token
    third = await store.renew(ours, failing=second)
    assert asked(stub)[2:] == [False, True] and third == stub.token


async def test_forced_renewals_keep_thirty_seconds_apart(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    clock = Clock()
    store, ours = TokenStore(session, clock), account(stub.url)
    token = await store.renew(ours, failing=await store.get(ours))
    clock.now += 10
    with pytest.raises(Busy, match="30 秒") as raised:
        await store.renew(ours, failing=token)
    assert raised.value.wait == pytest.approx(20)
    assert asked(stub).count(True) == 1
    clock.now += raised.value.wait
    assert await store.renew(ours, failing=token) == stub.token != token


async def test_forced_renewals_are_at_most_twenty_a_day(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    clock = Clock()
    # One in the afternoon in China.
    clock.now = clock.now - clock.now % 86400 + 5 * 3600
    store, ours = TokenStore(session, clock), account(stub.url)
    token = await store.get(ours)
    for _ in range(20):
        clock.now += 31
        token = await store.renew(ours, failing=token)
    clock.now += 31
    with pytest.raises(Refused, match="20 次"):
        await store.renew(ours, failing=token)
    assert asked(stub).count(True) == 20
    clock.now += 11 * 3600
    assert await store.renew(ours, failing=token) == stub.token != token


async def test_burst_of_refused_calls_renews_once(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    store, ours = TokenStore(session), account(stub.url)
    old = await store.get(ours)
    renewed = await asyncio.gather(*(store.renew(ours, failing=old) for _ in range(30)))
    assert set(renewed) == {stub.token} and asked(stub) == [False, False, True]


async def test_burst_without_a_token_shares_one_failure(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    store = TokenStore(session)
    stub.next(TOKEN_PATH, cut)
    calls = (store.get(account(stub.url)) for _ in range(30))
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(result) for result in results} == {NotReached} and len(asked(stub)) == 1


async def test_after_a_failure_the_next_does_not_wait_for_the_lease(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    store = TokenStore(session)
    stub.next(TOKEN_PATH, {"errcode": -1, "errmsg": "system error"})
    with pytest.raises(Busy):
        await store.get(account(stub.url))
    assert await asyncio.wait_for(TokenStore(session).get(account(stub.url)), 2) == stub.token


@pytest.mark.parametrize("code", [40125, 40013, 40164, 40001])
async def test_refusal_of_a_token_reaches_the_caller(
    stub: Stub, session: aiohttp.ClientSession, code: int
) -> None:
    stub.next(TOKEN_PATH, {"errcode": code, "errmsg": f"invalid {SECRET}"})
    with pytest.raises(Refused) as raised:
        await TokenStore(session).get(account(stub.url))
    assert raised.value.code == code and SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "answer",
    [{}, {"access_token": "", "expires_in": 7200}, {"access_token": "t", "expires_in": "soon"}],
)
async def test_answer_without_a_token_is_not_kept(
    stub: Stub, session: aiohttp.ClientSession, answer: dict[str, Any]
) -> None:
    stub.next(TOKEN_PATH, answer)
    store = TokenStore(session)
    with pytest.raises(NotReached):
        await store.get(account(stub.url))
    assert await store.get(account(stub.url)) == stub.token


async def test_one_that_gives_up_waiting_does_not_end_it_for_the_others(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    answer, store = Held(stub), TokenStore(session)
    stub.next(TOKEN_PATH, answer)
    impatient = asyncio.create_task(store.get(account(stub.url)))
    patient = asyncio.create_task(store.get(account(stub.url)))
    await answer.arrived.wait()
    impatient.cancel()
    answer.released.set()
    assert await patient == stub.token and len(asked(stub)) == 1


async def test_stores_in_two_threads_make_one_request(stub: Stub) -> None:
    stub.seconds = 0.2
    both, got = threading.Barrier(2), list[str]()

    async def get() -> str:
        async with open_session() as session:
            both.wait(10)
            return await TokenStore(session).get(account(stub.url))

    def run() -> None:
        got.append(asyncio.run(get()))

    await asyncio.gather(asyncio.to_thread(run), asyncio.to_thread(run))
    assert got == [stub.token] * 2 and len(asked(stub)) == 1


async def test_processes_that_start_together_make_one_request(stub: Stub) -> None:
    stub.seconds = 0.5
    processes = [await started(stub.url) for _ in range(3)]
    for process in processes:
        release(process)
    got = [(await process.communicate())[0].decode().strip() for process in processes]
    assert got == [stub.token] * 3 and len(asked(stub)) == 1


async def test_process_that_dies_while_it_renews_is_followed_by_another(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    answer, ours = Held(stub), account(stub.url)
    stub.next(TOKEN_PATH, answer)
    process = await started(stub.url)
    release(process)
    await answer.arrived.wait()
    process.kill()
    await process.wait()
    assert token_table.look(ours.appid, "", time.time()) is None
    clock = Clock()
    clock.now += token_table.LEASE_SECONDS
    assert await TokenStore(session, clock).get(ours) == stub.token
    assert len(asked(stub)) == 2


async def test_holder_whose_lease_ran_out_changes_nothing(stub: Stub) -> None:
    appid, now = account(stub.url).appid, time.time()
    late = token_table.look(appid, "", now)
    assert isinstance(late, Lease)
    successor = token_table.look(appid, "", now + token_table.LEASE_SECONDS)
    assert isinstance(successor, Lease)
    token_table.keep(late, token_table.Token("late", now + 7200))
    token_table.release(late)
    assert token_table.look(appid, "", now + token_table.LEASE_SECONDS + 1) is None
    token_table.keep(successor, token_table.Token("right", now + 7200))
    found = token_table.look(appid, "", now + token_table.LEASE_SECONDS + 1)
    assert found == token_table.Token("right", now + 7200)


async def test_second_process_waits_for_the_token_of_the_first(
    stub: Stub, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, looked_in_vain, look = asyncio.get_running_loop(), asyncio.Event(), token_table.look

    def watched(appid: str, failing: str, now: float) -> Any:
        found = look(appid, failing, now)
        if found is None:
            loop.call_soon_threadsafe(looked_in_vain.set)
        return found

    monkeypatch.setattr(token_table, "look", watched)
    answer, ours = Held(stub), account(stub.url)
    stub.next(TOKEN_PATH, answer)
    first = asyncio.create_task(TokenStore(session).get(ours))
    await answer.arrived.wait()
    second = asyncio.create_task(TokenStore(session).get(ours))
    await looked_in_vain.wait()
    assert not second.done()
    answer.released.set()
    assert await first == await second == stub.token and len(asked(stub)) == 1


async def test_forced_renewal_counts_even_when_its_answer_is_lost(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    store, ours = TokenStore(session), account(stub.url)
    old = await store.get(ours)
    stub.next(TOKEN_PATH, {"access_token": old, "expires_in": 7200}, cut)
    with pytest.raises(NotReached):
        await store.renew(ours, failing=old)
    with pytest.raises(WechatError, match="30 秒"):
        await store.renew(ours, failing=old)


class Held:
    """An answer with a token that comes when the test wants it."""

    def __init__(self, stub: Stub) -> None:
        self.arrived = asyncio.Event()
        self.released = asyncio.Event()
        self._stub = stub

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.arrived.set()
        either = [asyncio.create_task(e.wait()) for e in (self.released, self._stub.ending)]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        for task in either:
            task.cancel()
        return web.json_response({"access_token": self._stub.token, "expires_in": 7200})


async def started(url: str) -> Process:
    """Start another process and wait until it is ready to get the token."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _PROCESS,
        url,
        stdin=PIPE,
        stdout=PIPE,
        cwd=PROJECT,
        env=dict(os.environ),
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


def release(process: Process) -> None:
    assert process.stdin is not None
    process.stdin.write(b"go\n")
