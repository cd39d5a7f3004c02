"""The demo shop's API."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, Literal

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from swagger_ui_bundle import swagger_ui_path

from kefu.shop.demo import orders, pages
from kefu.shop.demo.guard import Faults, Mode, Verifier

_LARGEST = 65_536  # bytes of one request
_ABOUT = """商家订单系统的示例。全部数据都是编造的。

每个 `/api` 请求都要带四个请求头：`X-Api-Key`、`X-Timestamp`（秒）、
`X-Nonce`（随机串，只能用一次）、`X-Signature`。签名是下列六行（以换行符连接）的
HMAC-SHA256 十六进制值：方法、路径、按字典序排列的查询串、时间戳、随机串、
请求体的 SHA-256 十六进制值。"""

_MODES = "none 正常，slow 变慢，fail 出错，nonsense 乱答，refuse 拒绝售后"


class AfterSalesRequest(BaseModel):
    """售后申请。"""

    order_no: str = Field(..., max_length=64, description="订单号")
    kind: Literal["refund", "return", "exchange"] = Field(..., description="退款、退货、换货")
    reason: str = Field(..., min_length=1, max_length=500, description="原因")
    request_id: str = Field(..., min_length=1, max_length=64, description="同一编号只受理一次")


class FaultsRequest(BaseModel):
    """要模拟的故障。"""

    mode: Mode = Field(..., description=_MODES)
    seconds: float = Field(2.0, ge=0, le=60, description="slow 时延迟的秒数")
    rate: float = Field(1.0, ge=0, le=1, description="受影响的请求比例")


def create_app(db: sqlite3.Connection) -> FastAPI:
    """Build the application on an opened store."""
    app = FastAPI(title="演示商城", description=_ABOUT, version="1", docs_url=None, redoc_url=None)
    # The bundled Swagger UI does not read OpenAPI 3.1.
    app.openapi_version = "3.0.3"
    app.state.faults = Faults()
    app.mount("/docs/assets", StaticFiles(directory=str(swagger_ui_path)), name="assets")
    app.add_exception_handler(HTTPException, _told)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.middleware("http")(_bounded)
    _add_pages(app, db)
    _add_control(app)
    _add_api(app, db)
    return app


def _add_pages(app: FastAPI, db: sqlite3.Connection) -> None:
    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def start() -> str:
        return pages.start_page(db)

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    async def docs() -> str:
        return pages.docs_page()

    @app.get("/health", summary="运行状态", tags=["运行"])
    async def health() -> dict[str, Any]:
        count = db.execute("SELECT count(*) FROM orders").fetchone()[0]
        return {"status": "ok", "orders": count}


def _add_control(app: FastAPI) -> None:
    tags: list[str | Enum] = ["模拟故障（仅限本机）"]
    local = [Depends(_from_here)]

    @app.get("/_control/faults", summary="当前故障", tags=tags, dependencies=local)
    async def shown() -> dict[str, Any]:
        return _shown(app.state.faults)

    @app.post("/_control/faults", summary="设定故障", tags=tags, dependencies=local)
    async def told(wanted: FaultsRequest) -> dict[str, Any]:
        app.state.faults = Faults(wanted.mode, wanted.seconds, wanted.rate)
        return _shown(app.state.faults)


def _add_api(app: FastAPI, db: sqlite3.Connection) -> None:
    guarded: dict[str, Any] = {"dependencies": [Depends(_verified(Verifier()))]}
    base = "/api/customers/{openid}"

    @app.get(f"{base}/orders", summary="最近的订单", tags=["订单"], **guarded)
    async def recent(openid: str, limit: int = Query(5, ge=1, le=50)) -> dict[str, Any]:
        return {"orders": orders.recent(db, openid, limit)}

    @app.get(f"{base}/orders/{{number}}", summary="按订单号或快递单号查", tags=["订单"], **guarded)
    async def find(openid: str, number: str) -> dict[str, Any]:
        return _found(orders.find(db, openid, number))

    @app.post(f"{base}/after-sales", summary="申请售后", tags=["售后"], **guarded)
    async def apply(openid: str, wanted: AfterSalesRequest) -> dict[str, Any]:
        try:
            return _found(orders.apply(db, openid, **wanted.dict()))
        except orders.Refused as refused:
            raise HTTPException(409, str(refused)) from None

    @app.get(f"{base}/member", summary="会员等级与积分", tags=["会员"], **guarded)
    async def member(openid: str) -> dict[str, Any]:
        return _found(orders.member(db, openid))


def _found(record: orders.Json | None) -> orders.Json:
    if record is None:
        raise HTTPException(404, "没有找到")
    return record


def _verified(verifier: Verifier) -> Callable[[Request], Awaitable[None]]:
    async def verify(request: Request) -> None:
        refusal = verifier.refusal(request, await request.body())
        if refusal:
            raise HTTPException(401, refusal)

    return verify


def _from_here(request: Request) -> None:
    if request.client is None or request.client.host not in ("127.0.0.1", "::1"):
        raise HTTPException(403, "只能在本机设定")


def _shown(faults: Faults) -> dict[str, Any]:
    return {"mode": faults.mode, "seconds": faults.seconds, "rate": faults.rate}


async def _bounded(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > _LARGEST or "transfer-encoding" in request.headers:
        return JSONResponse({"message": "请求体过大或没有写明长度"}, 413)
    if request.url.path.startswith("/api/"):
        answer = await _fault(request)
        if answer is not None:
            return answer
    return await call_next(request)


async def _fault(request: Request) -> Response | None:
    faults: Faults = request.app.state.faults
    mode = faults.strikes()
    if mode == "slow":
        await asyncio.sleep(faults.seconds)
    elif mode == "fail":
        return JSONResponse({"message": "系统维护中"}, 503)
    elif mode == "nonsense":
        return Response(faults.nonsense(), 200, media_type="application/json")
    elif mode == "refuse" and request.method == "POST":
        return JSONResponse({"message": "该订单不支持售后，请联系人工客服"}, 409)
    return None


async def _told(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"message": error.detail}, error.status_code)


async def _malformed(_: Request, error: Exception) -> Response:
    return JSONResponse({"message": "请求格式不正确，请对照 /docs"}, 422)
