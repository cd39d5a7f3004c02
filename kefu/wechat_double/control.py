"""The control API: lets tests, benchmarks and the phone page act as customers.

JSON in and out; what cannot be done is answered with status 400 and {"error": Chinese}.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kefu.wechat_double import acts, control_desk, control_verify, typing_line
from kefu.wechat_double.control_request import Asked
from kefu.wechat_double.platform import Platform
from kefu.wechat_double.pushes import Push
from kefu.wechat_double.refusals import ApiRefused, ControlRefused

_LONGEST_WAIT = 25.0
Handler = Callable[[Asked], Awaitable[Any]]


def routes(platform: Platform) -> list[Route]:
    """Return the routes of the control API, to be mounted at /_control."""
    table: list[tuple[str, str, Handler]] = [
        ("GET", "accounts", _accounts),
        ("POST", "accounts/{appid}", _change_account),
        ("POST", "say", _say),
        ("POST", "event", _event),
        ("POST", "press", _press),
        ("POST", "verify", control_verify.verify),
        ("GET", "log", _log),
        ("GET", "customers", _customers),
        ("GET", "media/{media_id}", _media),
        ("GET", "switches", _switches),
        ("POST", "switches", _change_switches),
        ("POST", "tokens/expire", _expire_tokens),
        ("GET", "record", _record),
        ("DELETE", "record", _clear_record),
        ("POST", "clock", _clock),
        ("GET", "desk", control_desk.shown),
        ("POST", "desk/accept", control_desk.accept),
        ("POST", "desk/say", control_desk.say),
        ("POST", "desk/close", control_desk.close),
        ("POST", "desk/switch", control_desk.switch),
    ]
    return [_route(platform, *row) for row in table]


def _route(platform: Platform, method: str, path: str, handle: Handler) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            asked = await Asked.read(platform, request)
            answer = await handle(asked)
        except ControlRefused as refused:
            return JSONResponse({"error": str(refused)}, 400)
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    return Route(f"/{path}", endpoint, methods=[method])


async def _accounts(asked: Asked) -> Any:
    return {"accounts": [account.public() for account in asked.platform.accounts]}


async def _change_account(asked: Asked) -> Any:
    account = asked.account(asked.request.path_params["appid"])
    now = asked.platform.clock.now()
    return asked.platform.accounts.change(account.appid, asked.body, now).public()


async def _say(asked: Asked) -> Any:
    push = acts.say(
        asked.platform,
        asked.customer(),
        asked.text("type", "text"),
        asked.text("content", ""),
        asked.bytes("media"),
        asked.fields(),
    )
    return await _pushed(asked, push)


async def _event(asked: Asked) -> Any:
    push = acts.event(asked.platform, asked.customer(), asked.text("event"), asked.fields())
    return await _pushed(asked, push)


async def _press(asked: Asked) -> Any:
    seq, item = asked.body.get("seq"), asked.body.get("id")
    if not isinstance(seq, int) or not isinstance(item, (str, int)):
        raise ControlRefused("需要 seq（消息编号）和 id（选项）")
    return await _pushed(asked, acts.press(asked.platform, asked.customer(), seq, str(item)))


async def _pushed(asked: Asked, push: Push) -> dict[str, Any]:
    seq = push.entry.seq if push.entry else None
    answer: dict[str, Any] = {"msg_id": push.fields.get("MsgId"), "seq": seq}
    if asked.body.get("wait"):
        delivery = await push.result
        answer |= {
            "outcome": delivery.outcome,
            "attempts": delivery.attempts,
            "seconds": delivery.seconds,
            "reason": delivery.reason,
        }
    return answer


async def _log(asked: Asked) -> Any:
    customer, clock = asked.customer(), asked.platform.clock
    after, longest = int(asked.number("after", 0)), min(asked.number("wait", 0), _LONGEST_WAIT)
    if typing_line.is_on(customer, clock.now()):
        longest = min(longest, customer.typing_until - clock.now())
    if customer.chat.last <= after and longest > 0:
        await customer.chat.wait(longest)
    is_typing = typing_line.is_on(customer, clock.now())
    new, changed = customer.chat.since(after)
    return {
        "entries": [entry.shown() for entry in new],
        "changes": [{"seq": entry.seq, "delivery": entry.delivery} for entry in changed],
        "last": customer.chat.last,
        "typing": is_typing,
    }


async def _customers(asked: Asked) -> Any:
    desk, now = asked.platform.desk, asked.platform.clock.now()
    shown = []
    for customer in asked.platform.customers:
        session = desk.find(customer.appid, customer.openid)
        shown.append(
            {
                "appid": customer.appid,
                "openid": customer.openid,
                "last_at": customer.last_at,
                "unsubscribed": customer.unsubscribed,
                "desk": session.state if session else "none",
                "quota_left": customer.quota.left if customer.quota.until > now else 0,
                "quota_seconds": max(0.0, customer.quota.until - now),
            }
        )
    return {"customers": sorted(shown, key=lambda one: -float(one["last_at"]))}


async def _media(asked: Asked) -> Any:
    try:
        media = asked.platform.media.find(asked.request.path_params["media_id"])
    except ApiRefused:
        return JSONResponse({"error": "没有这个文件，或已过期"}, 404)
    safe = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600"}
    return Response(media.content, media_type=media.content_type, headers=safe)


async def _switches(asked: Asked) -> Any:
    switches = asked.platform.switches
    described = asked.request.query_params.get("describe") == "1"
    return switches.described() if described else switches.shown()


async def _change_switches(asked: Asked) -> Any:
    asked.platform.switches.change(asked.body)
    if "seed" in asked.body:
        asked.platform.faults.reseed()
    return asked.platform.switches.shown()


async def _expire_tokens(asked: Asked) -> Any:
    asked.platform.tokens.expire_all()
    return {}


async def _record(asked: Asked) -> Any:
    kind = asked.request.query_params.get("kind", "")
    return {kind: asked.platform.record.shown(kind)}


async def _clear_record(asked: Asked) -> Any:
    asked.platform.record.clear()
    return {}


async def _clock(asked: Asked) -> Any:
    seconds = asked.body.get("advance")
    if not isinstance(seconds, (int, float)) or seconds < 0:
        raise ControlRefused("advance 应为不小于 0 的秒数")
    asked.platform.clock.advance(seconds)
    asked.platform.desk.sweep()
    asked.platform.customers.wake()
    return {"now": asked.platform.clock.now()}
