"""Answers that are no page of anybody's: errors, redirects, and what ends a session."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from kefu.console.pages import render

EXPIRED = "登录已过期，请重新登录"
FORGED = "这个页面已过期，请刷新后再试"
NO_RIGHT = "你没有这个权限，请联系管理员"
TOO_LARGE = "提交的内容太大"
CHANGE_FIRST = "请先修改一次性密码"
# What has a meaning in an address, and stays as it is in a header.
_MEANT = ":/%#?=@[]!$&'()*+,;"

_TITLES = {
    400: "请求不正确",
    403: "不能这样做",
    404: "没有这个页面",
    405: "不能这样做",
    413: "内容太大",
    500: "系统出错了",
}
_TEXTS = {
    400: "请返回上一页再试一次",
    403: NO_RIGHT,
    404: "地址可能写错了，或者内容已经不在",
    405: "请从页面上的按钮操作",
    413: TOO_LARGE,
    500: "已记录原因，请稍后再试；一直这样时请联系管理员",
}


def refused(request: Request, status: int, text: str = "") -> Response:
    """Answer with an error in the form that the caller reads: a page, a fragment or JSON."""
    shown = text or _TEXTS.get(status, _TEXTS[400])
    if wants_page(request):
        title = _TITLES.get(status, _TITLES[400])
        return render(request, "error.html", status, title=title, text=shown)
    return JSONResponse({"error": shown}, status)


def redirect(request: Request, to: str) -> Response:
    """Send the browser to another page, also when htmx asks."""
    if request.headers.get("HX-Request"):
        return Response(headers={"HX-Redirect": quote(to, safe=_MEANT)})
    return RedirectResponse(to, 303)


def session_ended(request: Request) -> Response:
    """Answer whoever is not, or no longer, signed in."""
    if request.headers.get("HX-Request"):
        here = _address(request.headers.get("HX-Current-URL", ""))
        return Response(status_code=401, headers={"HX-Redirect": sign_in_url(here)})
    if wants_page(request):
        here = _joined(request.scope["path"], request.scope["query_string"].decode("latin-1"))
        return RedirectResponse(sign_in_url(here if request.method == "GET" else ""), 303)
    return JSONResponse({"error": EXPIRED}, 401)


def _address(url: str) -> str:
    """Return path and query of the address that a browser shows; "" when it is none."""
    try:
        shown = urlsplit(url)
    except ValueError:
        return ""
    return _joined(shown.path, shown.query)


def _joined(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def sign_in_url(then: str = "") -> str:
    """Return the address of the sign-in page that leads on to another page."""
    return f"/sign-in?next={quote(then)}" if local(then) not in ("", "/") else "/sign-in"


def local(url: str) -> str:
    """Return an address if it is one of this site, else ""."""
    fine = url.startswith("/") and not url.startswith("//") and "\\" not in url
    return url if fine and url.isprintable() else ""


def wants_page(request: Request) -> bool:
    """Tell whether a person would see the answer as a page of its own."""
    if request.headers.get("HX-Request"):
        return False
    return "text/html" in request.headers.get("Accept", "text/html")
