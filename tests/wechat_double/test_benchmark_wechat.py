"""The measurement of `kefu bench`, on a double whose account answers at a known pace."""

from __future__ import annotations

import asyncio

import pytest

from kefu import benchmark_wechat
from kefu.benchmark_wechat import NothingAnswered, measure_wechat
from tests.wechat_double.conftest import SEND, Running
from tests.wechat_double.receiver import Received

PAUSE = 0.05


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark_wechat, "RATES", (20,))
    monkeypatch.setattr(benchmark_wechat, "ANSWERED_SECONDS", 1)
    monkeypatch.setattr(benchmark_wechat, "ACKNOWLEDGED_A_SECOND", 40)
    monkeypatch.setattr(benchmark_wechat, "ACKNOWLEDGED_SECONDS", 1)
    monkeypatch.setattr(benchmark_wechat, "DRAINED_WITHIN", 5.0)


async def test_times_run_from_the_push_to_the_answer(double: Running) -> None:
    await double.token()
    answers: set[asyncio.Task[None]] = set()

    async def answer(openid: str) -> None:
        await asyncio.sleep(PAUSE)
        message = {"touser": openid, "msgtype": "text", "text": {"content": "好"}}
        assert await double.call(SEND, message) == 0

    async def reply(got: Received) -> bytes:
        answers.add(asyncio.create_task(answer(got.query["openid"])))
        return b"success"

    double.receiver.reply = reply
    ticks: list[str] = []

    def begin(title: str, total: int) -> benchmark_wechat.Tick:
        return lambda: ticks.append(title)

    found = await asyncio.to_thread(measure_wechat, double.url, ["在吗"], begin)
    answered, acknowledged = found
    assert (len(answered.seconds), answered.failed) == (20, 0)
    assert (len(acknowledged.seconds), acknowledged.failed) == (40, 0)
    assert answered.figures["p50"] >= PAUSE > acknowledged.figures["p50"]
    assert len(ticks) == 2 * (20 + 40)


async def test_an_account_that_never_answers_is_no_result(double: Running) -> None:
    with pytest.raises(NothingAnswered):
        await asyncio.to_thread(measure_wechat, double.url, ["在吗"], lambda *_: lambda: None)
