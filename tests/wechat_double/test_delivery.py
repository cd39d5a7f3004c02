"""How pushes are delivered: the five seconds, the three attempts, the fault notice."""

from __future__ import annotations

import asyncio

import pytest

from .conftest import MINI, OFFICIAL, OPENID, Running
from .receiver import Received


async def test_answer_in_time_is_an_acknowledgement(double: Running) -> None:
    told = await double.say("我的订单到哪了")
    assert (told["outcome"], told["attempts"]) == ("success", 1)
    (entry,) = (await double.log())["entries"]
    assert entry["seq"] == told["seq"]
    assert (entry["author"], entry["delivery"]) == ("customer", "acknowledged")
    assert entry["payload"] == {"Content": "我的订单到哪了", "MsgId": told["msg_id"]}


async def test_silent_server_gets_the_same_push_three_times_then_the_notice(
    double: Running,
) -> None:
    await double.switch(push_timeout=0.1)
    double.receiver.silent_for(99)
    told = await double.say()
    assert (told["outcome"], told["attempts"]) == ("fault", 3)
    assert told["seconds"] >= 0.3
    bodies = {got.body for got in double.receiver.received}
    nonces = {got.query["nonce"] for got in double.receiver.received}
    assert (len(double.receiver.received), len(bodies), len(nonces)) == (3, 1, 1)
    entry, notice = (await double.log())["entries"]
    assert entry["delivery"] == "failed"
    assert notice["author"] == "notice"
    assert notice["payload"]["content"] == "该小程序客服暂时无法提供服务，请稍后再试"


async def test_second_attempt_may_succeed_and_be_signed_anew(double: Running) -> None:
    await double.switch(push_timeout=0.1, sign_retries_anew=True, push_attempts=4)
    double.receiver.silent_for(1)
    told = await double.say()
    assert (told["outcome"], told["attempts"]) == ("success", 2)
    first, second = double.receiver.received
    assert first.body == second.body
    assert first.query["nonce"] != second.query["nonce"]


async def test_refused_connection_is_tried_again_after_the_pause(double: Running) -> None:
    await double.receiver.stop()
    await double.switch(push_timeout=0.15)
    told = await double.say()
    assert (told["outcome"], told["attempts"]) == ("fault", 3)
    assert told["seconds"] >= 0.3
    await double.switch(push_timeout=5, retry_pause=0)
    assert (await double.say())["seconds"] < 1


@pytest.mark.parametrize(
    "body", [b'"success"', b"ok", b"success\n", b"<xml></xml>", b'{"errcode":0}', b"\xff\xfe"]
)
async def test_any_other_answer_is_a_fault_at_once(double: Running, body: bytes) -> None:
    double.receiver.always(body)
    told = await double.say()
    assert (told["outcome"], told["attempts"]) == ("fault", 1)
    assert told["reason"]


async def test_http_error_is_a_fault_and_tried_again_only_when_told(double: Running) -> None:
    double.receiver.always(b"success", status=502)
    assert (await double.say())["attempts"] == 1
    await double.switch(retry_http_errors=True)
    assert (await double.say())["attempts"] == 3


async def test_empty_answer_is_accepted(double: Running) -> None:
    double.receiver.always(b"")
    assert (await double.say())["outcome"] == "success"


async def test_official_account_has_its_own_notice(double: Running) -> None:
    double.receiver.always(b"nonsense")
    await double.say(appid=OFFICIAL)
    notice = (await double.log(OFFICIAL))["entries"][-1]
    assert notice["payload"]["content"] == "该公众号暂时无法提供服务，请稍后再试"


async def test_customers_messages_arrive_in_order_and_one_at_a_time(double: Running) -> None:
    under_way, most = 0, 0

    async def reply(got: Received) -> bytes:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return b"success"

    double.receiver.reply = reply
    for number in range(5):
        await double.say(str(number), wait=False)
    await double.say("last")
    said = [got.json["Content"] for got in double.receiver.received]
    assert said == ["0", "1", "2", "3", "4", "last"]
    assert most == 1


async def test_concurrent_pushes_do_not_wait_for_one_another(double: Running) -> None:
    await double.switch(concurrent_pushes=True)
    both_here = asyncio.Event()

    async def reply(got: Received) -> bytes:
        if len(double.receiver.received) == 2:
            both_here.set()
        await both_here.wait()
        return b"success"

    double.receiver.reply = reply
    first, second = await asyncio.gather(double.say("1"), double.say("2"))
    assert first["outcome"] == second["outcome"] == "success"


async def test_reordered_message_arrives_after_the_next(double: Running) -> None:
    await double.switch(reorder_rate=1)
    await double.say("1", wait=False)
    await double.say("2")
    await double.switch(reorder_rate=0)
    await double.say("3")
    assert [got.json["Content"] for got in double.receiver.received] == ["2", "1", "3"]
    logged = [entry["payload"]["Content"] for entry in (await double.log())["entries"]]
    assert logged == ["1", "2", "3"]


async def test_reordered_message_does_not_wait_forever(double: Running) -> None:
    await double.switch(reorder_rate=1, reorder_hold=0.05)
    assert (await double.say())["outcome"] == "success"


async def test_duplicate_comes_with_the_same_id_at_the_same_time(double: Running) -> None:
    await double.switch(duplicate_rate=1)
    both_here = asyncio.Event()

    async def reply(got: Received) -> bytes:
        if len(double.receiver.received) == 2:
            both_here.set()
        await both_here.wait()
        return b"success"

    double.receiver.reply = reply
    told = await double.say()
    assert [got.json["MsgId"] for got in double.receiver.received] == [told["msg_id"]] * 2


async def test_lost_answer_is_sent_again_but_not_for_ever(double: Running) -> None:
    await double.switch(lost_answer_rate=1, retry_pause=0)
    told = await double.say()
    assert (told["outcome"], told["attempts"]) == ("success", 3)
    assert len(double.receiver.received) == 3


async def test_record_tells_of_every_push_and_can_be_cleared(double: Running) -> None:
    told = await double.say("你好")
    (row,) = await double.record("pushes")
    assert (row["appid"], row["openid"], row["msg_id"]) == (MINI, OPENID, told["msg_id"])
    assert (row["content"], row["attempts"], row["outcome"]) == ("你好", 1, "success")
    assert 0 <= row["ack_seconds"] < 5
    await double.control("record", method="DELETE")
    assert await double.record("pushes") == []


async def test_message_ids_are_large_numbers_that_grow(double: Running) -> None:
    ids = [(await double.say())["msg_id"] for _ in range(3)]
    assert ids == sorted(set(ids))
    assert all(2**53 < one < 3 * 10**16 for one in ids)


async def test_event_failing_shows_the_notice_only_where_the_customer_acted(
    double: Running,
) -> None:
    double.receiver.always(b"nonsense")
    await double.event("user_enter_tempsession", SessionFrom="page=order")
    await double.event("user_authorization_revoke")
    authors = [entry["author"] for entry in (await double.log())["entries"]]
    assert authors == ["event", "notice", "event"]
