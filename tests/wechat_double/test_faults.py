"""The faults of the API, and the switches."""

from __future__ import annotations

import asyncio
from collections import Counter

import aiohttp
import pytest

from .conftest import OPENID, SEND, Running

BODY = {"touser": OPENID, "msgtype": "text", "text": {"content": "您好"}}


async def _arrived(double: Running) -> int:
    entries = (await double.log())["entries"]
    return sum(entry["author"] == "account" for entry in entries)


async def test_error_codes_come_at_their_rate_and_the_same_for_the_same_seed(
    double: Running,
) -> None:
    await double.switch(message_quota=1000, fault_error_rate=0.3, fault_errors=[-1, 45011])
    await double.say()
    await double.switch(seed=7)
    first = [await double.send() for _ in range(60)]
    await double.switch(seed=7)
    assert [await double.send() for _ in range(60)] == first
    counts = Counter(first)
    assert set(counts) == {0, -1, 45011}
    assert 30 <= counts[0] <= 54


async def test_refused_by_a_fault_is_not_in_the_chat_but_in_the_record(double: Running) -> None:
    await double.say()
    await double.switch(fault_error_rate=1, fault_errors=[40001], fault_left=1)
    assert await double.send() == 40001
    assert await _arrived(double) == 0
    assert await double.send() == 0
    assert [row["errcode"] for row in await double.record("sends")] == [40001, 0]


@pytest.mark.parametrize("after", [False, True])
async def test_connection_drops_before_or_after_the_message_arrived(
    double: Running, after: bool
) -> None:
    await double.say()
    await double.token()
    await double.switch(fault_drop_rate=1, fault_after_handling=after)
    with pytest.raises(aiohttp.ClientConnectionError):
        await double.send()
    assert await _arrived(double) == int(after)
    assert [row["answered"] for row in await double.record("sends")] == [False] * int(after)


async def test_caller_times_out_though_the_message_arrived(double: Running) -> None:
    await double.say()
    query = {"access_token": await double.token()}
    await double.switch(fault_stall_rate=1, fault_stall=30)
    limit = aiohttp.ClientTimeout(total=0.3)
    with pytest.raises(asyncio.TimeoutError):
        await double.http.post(f"{double.url}/{SEND}", json=BODY, params=query, timeout=limit)
    assert await _arrived(double) == 1


@pytest.mark.parametrize(("kind", "status"), [("500", 500), ("html", 200), ("empty", 200)])
async def test_answer_is_not_what_an_api_answers(double: Running, kind: str, status: int) -> None:
    await double.say()
    query = {"access_token": await double.token()}
    await double.switch(fault_http_rate=1, fault_http=kind)
    async with double.http.post(f"{double.url}/{SEND}", json=BODY, params=query) as answer:
        assert answer.status == status
        assert not (await answer.text()).startswith("{")
    assert await _arrived(double) == 0


async def test_faults_strike_only_the_paths_they_are_for(double: Running) -> None:
    await double.switch(fault_error_rate=1, fault_paths=["cgi-bin/stable_token"])
    given = {"grant_type": "client_credential", "appid": "x", "secret": "y"}
    assert (await double.post("cgi-bin/stable_token", given))["errcode"] == -1
    await double.switch(fault_paths=[SEND])
    await double.say()
    assert await double.send() == -1


async def test_every_switch_is_described_in_chinese(double: Running) -> None:
    described = await double.control("switches?describe=1")
    shown = await double.control("switches")
    assert set(described) == set(shown)
    for name, about in described.items():
        assert about["value"] == shown[name]
        assert any("\u4e00" <= letter <= "\u9fff" for letter in about["description"])
        assert about["kind"] in ("bool", "number", "text", "list")


@pytest.mark.parametrize(
    "wanted",
    [
        {"nonsense": 1},
        {"push_attempts": "3"},
        {"push_attempts": 0},
        {"push_attempts": True},
        {"push_timeout": 0},
        {"fault_error_rate": 1.5},
        {"quota_rule": "double"},
        {"fault_errors": []},
        {"fault_errors": ["-1"]},
        {"ip_whitelist": "127.0.0.1"},
        {"message_quota": 9, "retry_http_errors": "yes"},
    ],
)
async def test_wrong_switch_changes_nothing(double: Running, wanted: dict[str, object]) -> None:
    before = await double.control("switches")
    assert (await double.control("switches", wanted))["error"]
    assert await double.control("switches") == before
