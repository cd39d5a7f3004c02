"""The calls of WeChat's API that the double answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from kefu.wechat_double import content_check, sending, typing_line
from kefu.wechat_double.accounts import DoubleAccount, Kind
from kefu.wechat_double.platform import Platform
from kefu.wechat_double.refusals import ApiRefused
from kefu.wechat_double.switches import SEND

_OK = {"errcode": 0, "errmsg": "ok"}


@dataclass
class Call:
    """One call on its way through the API.

    Attributes:
        platform: The double.
        request: As it arrived.
        path: The API's path.
        account: Whose token it carries, None for the calls that fetch one.
        raw: The body.
        body: The body's JSON object, empty for other calls.
    """

    platform: Platform
    request: Request
    path: str
    account: DoubleAccount | None = None
    raw: bytes = b""
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def caller(self) -> DoubleAccount:
        """Return the account that calls. Raises ApiRefused when no token came along."""
        if self.account is None:
            raise ApiRefused(41001)
        return self.account


Answer = dict[str, Any] | Response


@dataclass(frozen=True)
class Api:
    """One entry of the API.

    Attributes:
        path: Path without the leading slash.
        method: Required HTTP method.
        handle: Answers the call, or raises ApiRefused.
        reads: What the body is.
        needs_token: Whether an access_token has to come along.
        only: The kind of account it is for, None for both.
    """

    path: str
    method: Literal["GET", "POST"]
    handle: Callable[[Call], Awaitable[Answer]]
    reads: Literal["json", "nothing", "form"] = "json"
    needs_token: bool = True
    only: Kind | None = None


async def _token(call: Call) -> Answer:
    query = call.request.query_params
    appid = _authenticated(call, dict(query))
    token, life = call.platform.tokens.issue(appid)
    return {"access_token": token, "expires_in": life}


async def _stable_token(call: Call) -> Answer:
    appid = _authenticated(call, call.body)
    force = call.body.get("force_refresh") is True
    token, life = call.platform.tokens.stable(appid, force)
    return {"access_token": token, "expires_in": life}


def _authenticated(call: Call, given: dict[str, Any]) -> str:
    if given.get("grant_type") != "client_credential":
        raise ApiRefused(40002)
    appid = given.get("appid")
    if not appid:
        raise ApiRefused(41002)
    if not given.get("secret"):
        raise ApiRefused(41004)
    account = call.platform.accounts.get(str(appid))
    if account is None:
        raise ApiRefused(40013)
    if given["secret"] != account.secret:
        raise ApiRefused(40125)
    return account.appid


async def _callback_ips(call: Call) -> Answer:
    return {"ip_list": ["127.0.0.1"]}


async def _clear_quota(call: Call) -> Answer:
    if call.body.get("appid") != call.caller.appid:
        raise ApiRefused(40013)
    call.platform.limits.clear(call.caller.appid)
    return _OK


async def _send(call: Call) -> Answer:
    sending.send(call.platform, call.caller, call.body)
    return _OK


async def _typing(call: Call) -> Answer:
    typing_line.check_path(call.caller, call.path, call.platform.switches)
    customer = sending.recipient(call.platform, call.caller, call.body)
    typing_line.command(customer, call.body, call.platform.clock.now())
    return _OK


async def _upload(call: Call) -> Answer:
    async with call.request.form() as form:
        given = form.get("media")
        if not isinstance(given, UploadFile) or not given.filename:
            raise ApiRefused(41005)
        content = await given.read()
    type_ = call.request.query_params.get("type", "")
    media = call.platform.media.upload(call.caller.appid, type_, content)
    name = "thumb_media_id" if type_ == "thumb" else "media_id"
    return {"type": type_, name: media.media_id, "created_at": int(media.created_at)}


async def _download(call: Call) -> Answer:
    media_id = call.request.query_params.get("media_id")
    if not media_id:
        raise ApiRefused(41006)
    media = call.platform.media.find(media_id, call.caller.appid)
    if media.type == "video":
        return {"video_url": f"{call.request.base_url}_control/media/{media.media_id}"}
    disposition = f'attachment; filename="{media.filename}"'
    return Response(
        media.content,
        media_type=media.content_type,
        headers={"Content-Disposition": disposition},
    )


async def _online_agents(call: Call) -> Answer:
    agents = call.platform.desk.agents(call.caller)
    shown = [{k: v for k, v in agent.items() if k != "kf_nick"} for agent in agents]
    return {"kf_online_list": [agent for agent in shown if agent["status"]]}


async def _agents(call: Call) -> Answer:
    shown = [
        {"kf_account": a["kf_account"], "kf_nick": a["kf_nick"], "kf_id": a["kf_id"]}
        for a in call.platform.desk.agents(call.caller)
    ]
    return {"kf_list": [{**agent, "kf_headimg": ""} for agent in shown]}


async def _create_session(call: Call) -> Answer:
    customer = _customer(call, call.body.get("openid"))
    call.platform.desk.create(call.caller, customer, str(call.body.get("kf_account", "")))
    return _OK


async def _close_session(call: Call) -> Answer:
    session = call.platform.desk.find(call.caller.appid, str(call.body.get("openid")))
    if session is None or session.state != "agent":
        raise ApiRefused(65413)
    if session.kf_account != call.body.get("kf_account"):
        raise ApiRefused(65414)
    call.platform.desk.close(session)
    return _OK


async def _session(call: Call) -> Answer:
    openid = _customer(call, call.request.query_params.get("openid"))
    session = call.platform.desk.find(call.caller.appid, openid)
    if session is None or session.state != "agent":
        return {**_OK, "kf_account": "", "createtime": 0}
    return {**_OK, "kf_account": session.kf_account, "createtime": int(session.since)}


async def _session_list(call: Call) -> Answer:
    agent = call.request.query_params.get("kf_account")
    return {
        "sessionlist": [
            {"openid": session.openid, "createtime": int(session.since)}
            for session in call.platform.desk.sessions(call.caller.appid)
            if session.kf_account == agent
        ]
    }


async def _waiting(call: Call) -> Answer:
    queue = call.platform.desk.sessions(call.caller.appid, state="queue")
    shown = [
        {"openid": s.openid, "kf_account": s.kf_account, "latest_time": int(s.last_at)}
        for s in queue
    ]
    return {"count": len(queue), "waitcaselist": shown}


def _customer(call: Call, openid: object) -> str:
    customer = call.platform.customers.known(call.caller.appid, openid)
    if customer is None:
        raise ApiRefused(40003)
    return customer.openid


async def _check_text(call: Call) -> Answer:
    return content_check.check_text(call.platform, call.caller, call.body)


async def _check_media(call: Call) -> Answer:
    return content_check.check_media(call.platform, call.caller, call.body)


APIS = (
    Api("cgi-bin/token", "GET", _token, "nothing", needs_token=False),
    Api("cgi-bin/stable_token", "POST", _stable_token, needs_token=False),
    Api("cgi-bin/getcallbackip", "GET", _callback_ips, "nothing"),
    Api("cgi-bin/clear_quota", "POST", _clear_quota),
    Api(SEND, "POST", _send),
    Api("cgi-bin/message/custom/typing", "POST", _typing),
    Api(typing_line.BUSINESS, "POST", _typing),
    Api("cgi-bin/media/upload", "POST", _upload, "form"),
    Api("cgi-bin/media/get", "GET", _download, "nothing"),
    Api("cgi-bin/customservice/getonlinekflist", "GET", _online_agents, "nothing"),
    Api("cgi-bin/customservice/getkflist", "GET", _agents, "nothing"),
    Api("customservice/kfsession/create", "POST", _create_session, only="official"),
    Api("customservice/kfsession/close", "POST", _close_session, only="official"),
    Api("customservice/kfsession/getsession", "GET", _session, "nothing", only="official"),
    Api("customservice/kfsession/getsessionlist", "GET", _session_list, "nothing", only="official"),
    Api("customservice/kfsession/getwaitcase", "GET", _waiting, "nothing", only="official"),
    Api("wxa/msg_sec_check", "POST", _check_text, only="miniprogram"),
    Api("wxa/media_check_async", "POST", _check_media, only="miniprogram"),
)
