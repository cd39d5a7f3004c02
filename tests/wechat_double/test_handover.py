"""Hand-over to WeChat's own desk, and what comes back from it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from kefu.wechat_double import cipher, wire
from kefu.wechat_double.accounts import Format, original_id

from .conftest import AES_KEY, MINI, OFFICIAL, OPENID, TOKEN, Running

TRANSFER = "transfer_customer_service"
AGENT = f"kf2001@{original_id(OFFICIAL)}"
WHO = {MINI: {"appid": MINI, "openid": OPENID}, OFFICIAL: {"appid": OFFICIAL, "openid": OPENID}}


def transfer(appid: str, form: Format, **more: Any) -> bytes:
    fields = {
        "ToUserName": OPENID,
        "FromUserName": original_id(appid),
        "CreateTime": 1714112445,
        "MsgType": TRANSFER,
        **more,
    }
    return wire.write(fields, form).encode()


def sealed(body: bytes, form: Format, appid: str = MINI, **wrong: Any) -> bytes:
    encrypted = cipher.encrypt(AES_KEY, appid, body.decode())
    fields = {
        "Encrypt": encrypted,
        "MsgSignature": cipher.signature(TOKEN, "1714112445", "42", encrypted),
        "TimeStamp": 1714112445,
        "Nonce": "42",
    }
    return wire.write({**fields, **wrong}, form).encode()


async def _in_queue(double: Running, appid: str, **more: Any) -> None:
    form: Format = "json" if appid == MINI else "xml"
    double.receiver.always(transfer(appid, form, **more))
    assert (await double.say("转人工", appid))["outcome"] == "transfer"
    double.receiver.always(b"success")


def _pushed_events(double: Running) -> list[str]:
    roots = [fromstring(got.body) for got in double.receiver.received]
    return [root.findtext("Event") or "" for root in roots if root.findtext("Event")]


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
async def test_transfer_in_the_pushes_format_is_accepted(
    double: Running, mode: str, form: Format
) -> None:
    await double.control(f"accounts/{MINI}", {"mode": mode, "format": form})
    body = transfer(MINI, form)
    double.receiver.always(sealed(body, form) if mode == "safe" else body)
    told = await double.say("转人工")
    assert told["outcome"] == "transfer", told
    assert (await double.log())["entries"][0]["delivery"] == "transferred"
    (waiting,) = (await double.control("desk"))["queue"]
    assert (waiting["openid"], waiting["last"]) == (OPENID, "转人工")


@pytest.mark.parametrize(
    ("mode", "body", "why"),
    [
        ("plain", transfer(MINI, "xml"), "JSON"),
        ("plain", transfer(MINI, "json", ToUserName=original_id(MINI)), "openid"),
        ("plain", transfer(MINI, "json", MsgType="text", Content="您好"), TRANSFER),
        ("plain", transfer(MINI, "json", CreateTime=None), "CreateTime"),
        ("plain", sealed(transfer(MINI, "json"), "json"), "明文"),
        ("safe", transfer(MINI, "json"), "加密"),
        ("safe", sealed(b"success", "json"), "JSON"),
        ("safe", sealed(transfer(MINI, "json"), "json", MsgSignature="0" * 40), "MsgSignature"),
        ("safe", sealed(transfer(MINI, "json"), "json", Nonce=""), "Nonce"),
        ("safe", sealed(transfer(MINI, "json"), "json", appid=OFFICIAL), "AppID"),
    ],
)
async def test_wrong_transfer_is_a_fault_that_is_explained(
    double: Running, mode: str, body: bytes, why: str
) -> None:
    await double.control(f"accounts/{MINI}", {"mode": mode})
    double.receiver.always(body)
    told = await double.say("转人工")
    assert told["outcome"] == "fault"
    assert why in told["reason"]
    assert (await double.control("desk"))["queue"] == []


async def test_former_key_is_accepted_for_the_grace_only(double: Running) -> None:
    await double.control(f"accounts/{MINI}", {"mode": "safe"})
    await double.control(f"accounts/{MINI}", {"aes_key": "B" * 43})
    double.receiver.always(sealed(transfer(MINI, "json"), "json"))
    assert (await double.say("转人工"))["outcome"] == "fault"
    await double.switch(key_grace=600)
    assert (await double.say("转人工"))["outcome"] == "transfer"
    await double.advance(601)
    assert (await double.say("转人工"))["outcome"] == "fault"


async def test_customer_may_give_up_queueing(double: Running) -> None:
    await _in_queue(double, OFFICIAL)
    await double.control("desk/close", WHO[OFFICIAL])
    assert (await double.control("desk"))["queue"] == []
    assert _pushed_events(double) == []


async def test_event_cannot_be_transferred(double: Running) -> None:
    double.receiver.always(transfer(MINI, "json"))
    assert (await double.event("user_enter_tempsession"))["outcome"] == "fault"


async def test_messages_are_pushed_in_the_queue_but_not_to_an_agents_customer(
    double: Running,
) -> None:
    await _in_queue(double, MINI)
    await double.say("还在吗")
    assert len(double.receiver.received) == 2
    await double.control("desk/accept", WHO[MINI])
    told = await double.say("我要退款")
    assert (told["outcome"], told["attempts"]) == ("transfer", 0)
    assert len(double.receiver.received) == 2
    (session,) = (await double.control("desk"))["sessions"]
    assert session["last"] == "我要退款"
    await double.control("desk/say", {**WHO[MINI], "content": "马上处理"})
    entry = (await double.log())["entries"][-1]
    assert (entry["author"], entry["payload"]) == ("agent", {"content": "马上处理"})
    await double.control("desk/close", WHO[MINI])
    await double.say("谢谢")
    assert double.receiver.received[-1].json["Content"] == "谢谢"


async def test_mini_program_is_not_told_of_sessions(double: Running) -> None:
    await _in_queue(double, MINI)
    await double.control("desk/accept", WHO[MINI])
    await double.control("desk/close", WHO[MINI])
    await double.say("谢谢")
    types = [json.loads(got.body)["MsgType"] for got in double.receiver.received]
    assert types == ["text", "text"]


async def test_official_account_is_told_of_every_session(double: Running) -> None:
    await double.switch(close_type="timeout")
    await _in_queue(double, OFFICIAL)
    await double.control("desk/accept", WHO[OFFICIAL])
    other = AGENT.replace("2001", "2002")
    await double.control("desk/switch", {**WHO[OFFICIAL], "kf_account": other})
    await double.control("desk/close", WHO[OFFICIAL])
    await double.say("谢谢", OFFICIAL)
    assert _pushed_events(double) == ["kf_create_session", "kf_switch_session", "kf_close_session"]
    created, switched, closed = (fromstring(got.body) for got in double.receiver.received[1:4])
    assert created.findtext("KfAccount") == AGENT
    assert switched.findtext("FromKfAccount") == AGENT
    assert switched.findtext("ToKfAccount") == other
    assert (closed.findtext("KfAccount"), closed.findtext("CloseType")) == (other, "timeout")


async def test_customer_asked_for_one_agent_waits_for_that_one(double: Running) -> None:
    wanted = AGENT.replace("2001", "2002")
    await _in_queue(double, OFFICIAL, TransInfo={"KfAccount": wanted})
    refused = await double.control("desk/accept", {**WHO[OFFICIAL], "kf_account": AGENT})
    assert wanted in refused["error"]
    assert (await double.control("desk/accept", WHO[OFFICIAL]))["kf_account"] == wanted


async def test_session_ends_after_half_an_hour_without_a_message(double: Running) -> None:
    await _in_queue(double, OFFICIAL)
    await double.control("desk/accept", WHO[OFFICIAL])
    await double.advance(1700)
    await double.say("还在", OFFICIAL)
    await double.advance(1700)
    assert len((await double.control("desk"))["sessions"]) == 1
    await double.advance(200)
    assert (await double.control("desk"))["sessions"] == []
    assert (await double.say("还有人吗", OFFICIAL))["outcome"] == "success"
    assert _pushed_events(double)[-1] == "kf_close_session"


async def test_account_without_push_goes_straight_to_the_desk(double: Running) -> None:
    await double.control(f"accounts/{MINI}", {"push_url": ""})
    assert (await double.say())["outcome"] == "transfer"
    assert len((await double.control("desk"))["queue"]) == 1


async def test_session_api_of_official_accounts(double: Running) -> None:
    await double.say("在吗", OFFICIAL)
    token, base = await double.token(OFFICIAL), "customservice/kfsession"
    one = {"openid": OPENID, "kf_account": AGENT}
    assert await double.call(f"{base}/close", one, OFFICIAL) == 65413
    assert await double.call(f"{base}/create", {**one, "kf_account": "x@y"}, OFFICIAL) == 65401
    assert await double.call(f"{base}/create", one, OFFICIAL) == 0
    assert await double.call(f"{base}/create", one, OFFICIAL) == 65414
    got = await double.get(f"{base}/getsession", token, openid=OPENID)
    assert got["kf_account"] == AGENT
    listed = await double.get(f"{base}/getsessionlist", token, kf_account=AGENT)
    assert [row["openid"] for row in listed["sessionlist"]] == [OPENID]
    online = await double.get("cgi-bin/customservice/getonlinekflist", token)
    assert online["kf_online_list"][0]["accepted_case"] == 1
    wrong = {**one, "kf_account": AGENT.replace("2001", "2002")}
    assert await double.call(f"{base}/close", wrong, OFFICIAL) == 65414
    assert await double.call(f"{base}/close", one, OFFICIAL) == 0
    assert (await double.get(f"{base}/getsession", token, openid=OPENID))["kf_account"] == ""
    await double.switch(agents_online=False)
    assert await double.call(f"{base}/create", one, OFFICIAL) == 65415
    assert (await double.get("cgi-bin/customservice/getonlinekflist", token)) == {
        "kf_online_list": []
    }
    await _in_queue(double, OFFICIAL)
    assert (await double.get(f"{base}/getwaitcase", token))["count"] == 1


async def test_session_api_is_not_for_mini_programs(double: Running) -> None:
    await double.say()
    body = {"openid": OPENID, "kf_account": AGENT}
    assert await double.call("customservice/kfsession/create", body) == 48001


@pytest.mark.parametrize("action", ["accept", "say", "close", "switch"])
async def test_desk_refuses_what_makes_no_sense(double: Running, action: str) -> None:
    answer = await double.control(f"desk/{action}", {**WHO[MINI], "content": "您好"})
    assert answer["error"]
