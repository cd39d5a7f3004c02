"""The state of the service in the browser, and for a monitoring system."""

from __future__ import annotations

import asyncio
import hmac
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from kefu.alerts import wording
from kefu.alerts.book import open_alerts
from kefu.alerts.webhook import WebhookFailed, post
from kefu.channels.wechat.dead_letters import dead_letters, send_again
from kefu.console import responses
from kefu.console.guard import address_of, operators_only, person_of
from kefu.console.pages import render
from kefu.console.state_board import board_of
from kefu.doctoring.checkup import worst_first
from kefu.environment import EnvironmentProblem, alert_webhook, secret
from kefu.metrics.exposition import CONTENT_TYPE
from kefu.settings import settings
from kefu.staff import access

METRICS = "/metrics"
LETTERS = 20
_AUTHORS = {"bot": "助手", "agent": "客服", "system": "系统"}
_DONE = {
    "again": "已放回发件箱，几秒内会重新发送",
    "gone": "这条消息已经处理过了",
    "tested": "测试通知已发出，请到群里查看",
}


def routes() -> list[BaseRoute]:
    """Return the routes of this module."""
    return [
        Route("/state", _page, methods=["GET"]),
        Route("/state/findings", _findings, methods=["GET"]),
        Route("/state/dead-letters/{id:int}", _again, methods=["POST"]),
        Route("/state/test-alert", _test_alert, methods=["POST"]),
        Route(METRICS, _metrics, methods=["GET"]),
    ]


@operators_only
async def _page(request: Request) -> Response:
    return await asyncio.to_thread(_shown, request)


@operators_only
async def _findings(request: Request) -> Response:
    return await asyncio.to_thread(_looked, request)


@operators_only
async def _again(request: Request) -> Response:
    return await asyncio.to_thread(_sent_again, request)


@operators_only
async def _test_alert(request: Request) -> Response:
    return await asyncio.to_thread(_tested, request)


async def _metrics(request: Request) -> Response:
    if not await asyncio.to_thread(_is_allowed, request.headers.get("Authorization", "")):
        headers = {"WWW-Authenticate": "Bearer"}
        return JSONResponse({"error": "需要令牌，见 docs/monitoring.md"}, 401, headers)
    text = await asyncio.to_thread(board_of(request.app).exposition.text)
    return Response(text, headers={"Content-Type": CONTENT_TYPE})


def _shown(request: Request, problem: str = "", status: int = 200) -> Response:
    webhook, webhook_problem = _webhook()
    return render(
        request, "service_state.html", status, letters=dead_letters(LETTERS), authors=_AUTHORS,
        alerts=open_alerts(), webhook=webhook, now=time.time(), limits=settings().alerts,
        problem=problem or webhook_problem, done=_DONE.get(request.query_params.get("done", "")),
    )  # fmt: skip


def _looked(request: Request) -> Response:
    found = worst_first(board_of(request.app).checkup.findings())
    whole = not request.headers.get("HX-Request")
    return render(
        request, "service_state_whole.html" if whole else "_service_findings.html",
        bad=[one for one in found if not one.ok], good=[one for one in found if one.ok],
        at=time.time(),
    )  # fmt: skip


def _sent_again(request: Request) -> Response:
    number = request.path_params["id"]
    if not send_again(number, time.time()):
        return responses.redirect(request, "/state?done=gone#dead-letters")
    mine = person_of(request)
    detail = f"微信消息 {number}"
    access.note(mine.login, "resend", staff=mine.id, detail=detail, address=address_of(request))
    return responses.redirect(request, "/state?done=again#dead-letters")


def _tested(request: Request) -> Response:
    webhook, problem = _webhook()
    if webhook is None:
        return _shown(request, problem or "还没有设置接收告警的地址", 422)
    try:
        post(webhook, wording.trial())
    except WebhookFailed as error:
        return _shown(request, f"测试通知没有发出去：{error}", 422)
    return responses.redirect(request, "/state?done=tested#alerts")


def _webhook() -> tuple[str | None, str]:
    """Return the address that alerts go to, and why it cannot be used."""
    try:
        return alert_webhook(), ""
    except EnvironmentProblem as error:
        return None, str(error)


def _is_allowed(authorization: str) -> bool:
    expected = f"Bearer {secret('metrics_token')}"
    return hmac.compare_digest(authorization.encode(), expected.encode())
