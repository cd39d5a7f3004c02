"""The way of every call through WeChat's API: method, token, limits, faults, answer."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from kefu.wechat_double import sending, wire
from kefu.wechat_double.api_calls import APIS, Answer, Api, Call
from kefu.wechat_double.faults import Strike
from kefu.wechat_double.platform import Platform
from kefu.wechat_double.refusals import ApiRefused
from kefu.wechat_double.switches import SEND

HANG_UP = "kefu.hang_up"  # key of the scope: closes the connection without an answer
_OLD_PREFIX = "cgi-bin/"


def routes(platform: Platform) -> list[Route]:
    """Return the routes of the API."""
    made = []
    for api in APIS:
        made.append(_route(platform, api, api.path))
        if not api.path.startswith(_OLD_PREFIX) and api.only == "official":
            made.append(_route(platform, api, _OLD_PREFIX + api.path))
    return made


class HangUp(Response):
    """No answer at all: the connection is dropped."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Drop the connection and wait until it is gone."""
        scope[HANG_UP]()
        while (await receive())["type"] != "http.disconnect":
            pass


def _route(platform: Platform, api: Api, path: str) -> Route:
    async def endpoint(request: Request) -> Response:
        return await _answer(api, Call(platform, request, api.path))

    return Route(f"/{path}", endpoint, methods=["GET", "POST"])


async def _answer(api: Api, call: Call) -> Response:
    platform = call.platform
    await asyncio.sleep(platform.faults.latency(api.path))
    strike, code = Strike(), 0
    response: Response
    try:
        _check_caller(api, call)
        strike = platform.faults.on_call(api.path)
        await _read_body(api, call)
        if strike.error is not None:
            raise ApiRefused(strike.error)
        if strike.broken != "none" and not strike.after:
            return _broken(platform, strike)
        response = _rendered(await _handled(api, call))
    except ApiRefused as refused:
        code, response = refused.code, _refusal(platform, refused)
    platform.record.call(api.path, code)
    if api.path == SEND:
        appid = call.account.appid if call.account else ""
        sending.record(platform, appid, call.raw, call.body, code, strike.broken == "none")
    if strike.broken == "stall":
        await asyncio.sleep(platform.switches.fault_stall)
    elif strike.broken != "none":
        return _broken(platform, strike)
    return response


async def _handled(api: Api, call: Call) -> Answer:
    if api.only is not None and call.caller.kind != api.only:
        raise ApiRefused(48001)
    return await api.handle(call)


def _check_caller(api: Api, call: Call) -> None:
    platform, request = call.platform, call.request
    if request.method != api.method:
        raise ApiRefused(43002 if api.method == "POST" else 43001)
    address = request.client.host if request.client else ""
    allowed = platform.switches.ip_whitelist
    if allowed and address not in allowed:
        raise ApiRefused(40164, address)
    if api.needs_token:
        token = request.query_params.get("access_token")
        if not token:
            raise ApiRefused(41001)
        call.account = platform.accounts[platform.tokens.owner(token)]
        platform.limits.count(call.account.appid, api.path)


async def _read_body(api: Api, call: Call) -> None:
    if api.reads != "json":
        return
    call.raw = await call.request.body()
    if not call.raw:
        raise ApiRefused(44002)
    try:
        call.body = wire.json_object(call.raw)
    except wire.NotReadable:
        raise ApiRefused(47001) from None


def _rendered(answer: Answer) -> Response:
    return answer if isinstance(answer, Response) else JSONResponse(answer)


def _refusal(platform: Platform, refused: ApiRefused) -> Response:
    message = f"{refused.message} rid: {platform.request_id()}"
    return JSONResponse({"errcode": refused.code, "errmsg": message})


def _broken(platform: Platform, strike: Strike) -> Response:
    if strike.broken == "drop":
        return HangUp()
    if platform.switches.fault_http == "500":
        return Response("Internal Server Error", 500, media_type="text/plain")
    page = "" if platform.switches.fault_http == "empty" else "<html><body>502</body></html>"
    return Response(page, media_type="text/html")
