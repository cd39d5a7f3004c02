"""Calling WeChat: what goes out, what comes back, and what a failure says about repeating."""

from __future__ import annotations

import asyncio
import logging
import socket
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import pytest

from kefu.channels.wechat.api import Verdict, WechatApi
from kefu.channels.wechat.errors import Busy, NotReached, Refused, Unknown, WechatError
from kefu.channels.wechat.tokens import TokenStore
from kefu.channels.wechat.transport import open_session
from tests.channels.wechat.api_stub import (
    SECRET,
    TOKEN_PATH,
    Stub,
    account,
    break_off,
    cut,
    drips,
    sends,
    serving,
)

pytestmark = pytest.mark.usefixtures("fresh_home")

SEND = "cgi-bin/message/custom/send"
TYPING = "cgi-bin/message/custom/business/typing"
MEDIA = "cgi-bin/media/get"
UPLOAD = "cgi-bin/media/upload"
CHECK = "wxa/msg_sec_check"
OPENID = "o9AgO5Kd5ggOC-bXrbNODIiE3bGY"
TEXT = {"msgtype": "text", "text": {"content": "您好，“订单”已发出😀"}}
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
NOT_WHITELISTED = {"errcode": 40164, "errmsg": "invalid ip 203.0.113.7, not in whitelist rid: 1-2"}


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    async with serving() as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as opened:
        yield opened


@pytest.fixture
def api(stub: Stub, session: aiohttp.ClientSession) -> WechatApi:
    return WechatApi(account(stub.url), session, TokenStore(session))


def impatient(stub: Stub, session: aiohttp.ClientSession) -> WechatApi:
    return WechatApi(account(stub.url), session, TokenStore(session, timeout=0.2), timeout=0.2)


async def failure(api: WechatApi) -> WechatError:
    with pytest.raises(WechatError) as raised:
        await api.send(OPENID, TEXT, ai=False)
    return raised.value


async def test_message_goes_out_as_readable_utf8_json(stub: Stub, api: WechatApi) -> None:
    await api.send(OPENID, TEXT, ai=False)
    (call,) = stub.asked(SEND)
    assert call.json == {"touser": OPENID, **TEXT}
    assert "您好，“订单”已发出😀".encode() in call.body
    assert call.headers["Content-Type"] == "application/json"
    assert call.query == {"access_token": stub.token}


async def test_message_of_the_bot_is_marked_as_made_by_ai(stub: Stub, api: WechatApi) -> None:
    await api.send(OPENID, TEXT, ai=True)
    assert stub.asked(SEND)[0].json["aimsgcontext"] == {"is_ai_msg": 1}


async def test_half_of_a_surrogate_pair_does_not_hold_up_a_message(
    stub: Stub, api: WechatApi
) -> None:
    await api.send(OPENID, {"msgtype": "text", "text": {"content": "好\ud83d"}}, ai=False)
    assert stub.asked(SEND)[0].json["text"]["content"] == "好?"


async def test_valid_token_is_fetched_once_for_many_calls(stub: Stub, api: WechatApi) -> None:
    await asyncio.gather(*(api.send(OPENID, TEXT, ai=False) for _ in range(20)))
    assert len(stub.asked(TOKEN_PATH)) == 1 and len(stub.asked(SEND)) == 20


@pytest.mark.parametrize("code", [40003, 45015, 45047, 48002, 45002, 99999])
async def test_refusal_keeps_code_and_says_what_to_do(
    stub: Stub, api: WechatApi, code: int
) -> None:
    stub.next(SEND, {"errcode": code, "errmsg": f"for {OPENID} rid: 5f3ded7d-22929d02"})
    error = await failure(api)
    assert isinstance(error, Refused) and error.code == code
    assert "请" in error.text and OPENID not in str(error)
    assert len(stub.asked(SEND)) == 1


@pytest.mark.parametrize(("code", "wait"), [(-1, 0.5), (45011, 15), (45009, 600)])
async def test_busy_answer_says_when_to_come_back(
    stub: Stub, api: WechatApi, code: int, wait: float
) -> None:
    stub.next(SEND, {"errcode": code, "errmsg": "system error"})
    error = await failure(api)
    assert isinstance(error, Busy) and (error.code, error.wait) == (code, wait)
    assert len(stub.asked(SEND)) == 1


async def test_missing_whitelist_entry_names_the_address_to_enter(
    stub: Stub, api: WechatApi
) -> None:
    stub.next(SEND, NOT_WHITELISTED)
    assert "203.0.113.7" in (await failure(api)).text


@pytest.mark.parametrize(
    "behaviour",
    [
        cut,
        break_off,
        sends(b"<html>502</html>", status=502),
        sends(b'{"errcode": 0}', "application/json", status=500),
        sends(b"<html>captive portal</html>"),
        sends(b"", status=302, Location="https://example.com/"),
        sends(b'{"errcode": 0', "application/json"),
        sends(b"[]", "application/json"),
        sends(b'{"errcode": "many"}', "application/json"),
        sends(b"[" * 100_000, "application/json"),
        sends(b" " * 1_000_001, "application/json"),
        sends(b"\xff\xfe", "application/json"),
    ],
)
async def test_broken_answer_leaves_outcome_unknown_and_is_not_repeated(
    stub: Stub, api: WechatApi, behaviour: Any
) -> None:
    stub.next(SEND, behaviour)
    assert isinstance(await failure(api), Unknown)
    assert len(stub.asked(SEND)) == 1


async def test_silence_leaves_outcome_unknown(stub: Stub, session: aiohttp.ClientSession) -> None:
    stub.next(SEND, stub.hang)
    assert isinstance(await failure(impatient(stub, session)), Unknown)
    assert len(stub.asked(SEND)) == 1


async def test_closed_port_means_nothing_was_sent(session: aiohttp.ClientSession) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        api = WechatApi(account(url), session, TokenStore(session))
        assert isinstance(await failure(api), NotReached)


async def test_connection_that_does_not_come_about_means_nothing_was_sent(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    tokens = TokenStore(session)
    await tokens.get(account(stub.url))
    with unaccepting() as url:
        api = WechatApi(account(url), session, tokens, timeout=0.3)
        assert isinstance(await failure(api), NotReached)


@contextmanager
def unaccepting() -> Iterator[str]:
    """Give the address of a server so busy that it takes no more connections."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        for client in waiting:
            client.close()


@pytest.mark.parametrize("behaviour", [cut, sends(b"<html>"), sends(b"{}"), sends(b"", status=500)])
async def test_failure_before_the_message_means_nothing_was_sent(
    stub: Stub, api: WechatApi, behaviour: Any
) -> None:
    stub.next(TOKEN_PATH, behaviour)
    assert isinstance(await failure(api), NotReached)
    assert not stub.asked(SEND)


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_old_token_is_replaced_and_the_call_repeated_once(
    stub: Stub, api: WechatApi, code: int
) -> None:
    stub.next(SEND, {"errcode": code, "errmsg": "invalid credential"})
    await api.send(OPENID, TEXT, ai=False)
    first, second = stub.asked(SEND)
    assert first.query["access_token"] != second.query["access_token"] == stub.token
    assert first.body == second.body


async def test_token_that_stays_refused_ends_after_one_repeat(stub: Stub, api: WechatApi) -> None:
    stub.next(SEND, *[{"errcode": 40001, "errmsg": "invalid credential"}] * 5)
    error = await failure(api)
    assert isinstance(error, Refused) and error.code == 40001
    assert len(stub.asked(SEND)) == 2


@pytest.mark.parametrize(("on", "command"), [(True, "Typing"), (False, "CancelTyping")])
async def test_typing_is_shown_and_taken_away(
    stub: Stub, api: WechatApi, on: bool, command: str
) -> None:
    await api.typing(OPENID, on)
    assert stub.asked(TYPING)[0].json == {"touser": OPENID, "command": command}


@pytest.mark.parametrize("code", [45080, 45081])
async def test_needless_typing_is_no_error(stub: Stub, api: WechatApi, code: int) -> None:
    stub.next(TYPING, {"errcode": code, "errmsg": "you are already typing"})
    await api.typing(OPENID, True)


async def test_other_refusal_of_typing_is_an_error(stub: Stub, api: WechatApi) -> None:
    stub.next(TYPING, {"errcode": 48001, "errmsg": "api unauthorized"})
    with pytest.raises(Refused):
        await api.typing(OPENID, True)


async def test_media_comes_with_type_and_name(stub: Stub, api: WechatApi) -> None:
    disposition = 'attachment; filename="../M-1.jpg"'
    stub.next(MEDIA, sends(JPEG, "image/jpeg", Content_Disposition=disposition))
    media = await api.fetch_media("M-1", limit=1000, timeout=2)
    assert (media.content, media.content_type, media.filename) == (JPEG, "image/jpeg", "M-1.jpg")
    (call,) = stub.asked(MEDIA)
    assert (call.method, call.query["media_id"]) == ("GET", "M-1")


@pytest.mark.parametrize(
    "behaviour", [sends(bytes(2_097_153), "image/jpeg"), drips(bytes(65_536), 40)]
)
async def test_media_beyond_the_limit_is_refused(
    stub: Stub, api: WechatApi, behaviour: Any
) -> None:
    stub.next(MEDIA, behaviour)
    with pytest.raises(Refused, match="文件超过 2 MB"):
        await api.fetch_media("M-1", limit=2_097_152, timeout=5)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "image/jpeg"])
async def test_missing_media_is_refused_whatever_type_the_answer_claims(
    stub: Stub, api: WechatApi, content_type: str
) -> None:
    stub.next(MEDIA, sends(b'{"errcode":40007,"errmsg":"invalid media_id"}', content_type))
    with pytest.raises(Refused) as raised:
        await api.fetch_media("M-1", limit=1000, timeout=2)
    assert raised.value.code == 40007


async def test_video_is_refused(stub: Stub, api: WechatApi) -> None:
    stub.next(MEDIA, {"video_url": "http://mpvideo.example.com/x"})
    with pytest.raises(Refused, match="视频"):
        await api.fetch_media("M-1", limit=1000, timeout=2)


async def test_media_is_fetched_again_with_a_new_token(stub: Stub, api: WechatApi) -> None:
    stub.next(MEDIA, {"errcode": 42001, "errmsg": "expired"}, sends(JPEG, "image/jpeg"))
    assert (await api.fetch_media("M-1", limit=1000, timeout=2)).content == JPEG


async def test_slow_media_ends_in_time(stub: Stub, api: WechatApi) -> None:
    stub.next(MEDIA, stub.hang)
    with pytest.raises(Unknown):
        await api.fetch_media("M-1", limit=1000, timeout=0.2)


@pytest.mark.parametrize(
    ("filename", "sent"), [("shot-1.png", b"shot-1.png"), ('截图"1.png', b"image.png")]
)
async def test_picture_is_uploaded_as_a_form_of_known_length(
    stub: Stub, api: WechatApi, filename: str, sent: bytes
) -> None:
    stub.next(UPLOAD, {"errcode": 42001}, {"type": "image", "media_id": "M-2", "created_at": 1})
    assert await api.upload_image(b"\x89PNG bytes", filename, "image/png", 5.0) == "M-2"
    call = stub.asked(UPLOAD)[1]
    assert b'name="media"; filename="' + sent + b'"' in call.body
    assert b"\x89PNG bytes" in call.body and b"Content-Type: image/png" in call.body
    assert call.query["type"] == "image" and call.headers["Content-Length"].isdecimal()


async def test_verdict_on_a_text_comes_from_the_result(stub: Stub, api: WechatApi) -> None:
    result = {"suggest": "risky", "label": 20001}
    stub.next(CHECK, {"errcode": 0, "result": result, "detail": [], "trace_id": "t-1"})
    assert await api.check_text(OPENID, "一句话", scene=4) == Verdict("risky", 20001, "t-1")
    assert stub.asked(CHECK)[0].json == {
        "openid": OPENID, "scene": 4, "version": 2, "content": "一句话"
    }  # fmt: skip


async def test_long_text_is_checked_to_its_end_and_the_worst_counts(
    stub: Stub, api: WechatApi
) -> None:
    for suggest, label in (("pass", 100), ("review", 10001), ("pass", 100)):
        stub.next(CHECK, {"errcode": 0, "result": {"suggest": suggest, "label": label}})
    verdict = await api.check_text(OPENID, "字" * 5001)
    assert (verdict.suggest, verdict.label) == ("review", 10001)
    assert [len(call.json["content"]) for call in stub.asked(CHECK)] == [2500, 2500, 1]


async def test_customer_who_cannot_be_checked_is_told_apart(stub: Stub, api: WechatApi) -> None:
    stub.next(CHECK, {"errcode": 61010, "errmsg": "code is expired"})
    with pytest.raises(Refused) as raised:
        await api.check_text(OPENID, "一句话")
    assert raised.value.code == 61010


@pytest.mark.parametrize("result", [None, {}, {"suggest": "perhaps", "label": 1}, "pass"])
async def test_check_without_a_conclusion_is_no_pass(
    stub: Stub, api: WechatApi, result: Any
) -> None:
    stub.next(CHECK, {"errcode": 0, "result": result})
    with pytest.raises(Unknown):
        await api.check_text(OPENID, "一句话")


async def test_check_of_a_picture_is_ordered(stub: Stub, api: WechatApi) -> None:
    stub.next("wxa/media_check_async", {"errcode": 0, "trace_id": "t-2"})
    assert await api.check_media(OPENID, "https://shop.example.com/1.jpg", "image") == "t-2"
    body = stub.asked("wxa/media_check_async")[0].json
    assert (body["media_type"], body["version"]) == (2, 2)


async def test_push_addresses_are_listed(stub: Stub, api: WechatApi) -> None:
    stub.next("cgi-bin/getcallbackip", {"ip_list": ["101.226.62.77"]})
    assert await api.callback_ips() == ["101.226.62.77"]


@pytest.mark.parametrize(
    "behaviour",
    [cut, sends(b"<html>"), "hang", {"errcode": 40001, "errmsg": "access-token-1 is old"}, {}],
)
async def test_neither_token_nor_secret_is_in_a_log_or_an_error(
    stub: Stub,
    session: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
    behaviour: Any,
) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    for path in (TOKEN_PATH, SEND, SEND):
        stub.next(path, stub.hang if behaviour == "hang" else behaviour)
    told = ""
    api = impatient(stub, session)
    for _ in range(2):
        try:
            await api.send(OPENID, TEXT, ai=False)
        except WechatError as error:
            told += "".join(traceback.format_exception(error)) + chain(error)
    assert stub.asked(TOKEN_PATH)
    for hidden in (SECRET, "access-token", OPENID):
        assert hidden not in caplog.text and hidden not in told


def chain(error: BaseException | None) -> str:
    """Return an error with all that led to it, shown or not."""
    return f"{error!r} {chain(error.__context__)}" if error else ""


async def test_no_token_is_in_the_error_of_a_connection_that_does_not_come_about(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    tokens = TokenStore(session)
    await tokens.get(account(stub.url))
    with unaccepting() as url:
        error = await failure(WechatApi(account(url), session, tokens, timeout=0.3))
    assert "access-token" not in chain(error)


async def test_proxy_of_the_environment_is_not_used(
    stub: Stub, api: WechatApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    await api.send(OPENID, TEXT, ai=False)
    assert len(stub.asked(SEND)) == 1
