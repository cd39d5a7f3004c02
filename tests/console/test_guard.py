"""What strangers, other sites and people without the right cannot do."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from kefu.console.guard import COOKIE, max_body, signed_in
from kefu.staff import people, sessions
from tests.console.visitors import Visitor

# What somebody without a session may ask for, besides files; the helpdesk's are signed.
OPEN = ("/sign-in", "/health", "/helpdesk", "/terms", "/assistant/picture")
FETCH = {"Accept": "application/json"}


def paths(routes: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    """Yield method and an address of everything the console answers."""
    for route in routes:
        assert isinstance(route, Route | Mount)
        if isinstance(route, Route) and not route.path.startswith(OPEN):
            for method in (route.methods or set()) - {"HEAD"}:
                for parameter in route.param_convertors:
                    route = Route(route.path.replace(":int", ""), route.endpoint)
                    yield method, route.path.replace(f"{{{parameter}}}", "1")
                if not route.param_convertors:
                    yield method, route.path


def test_stranger_gets_nothing_from_any_address(console: Starlette, stranger: Visitor) -> None:
    asked = list(paths(list(console.routes)))
    assert ("GET", "/me") in asked and ("POST", "/staff/1") in asked
    for method, path in asked:
        answer = stranger.request(method, path, headers=FETCH, follow_redirects=False)
        assert (path, answer.status_code) == (path, 401)


def test_no_address_takes_a_form_without_the_token(
    console: Starlette, administrator: Visitor
) -> None:
    for method, path in paths(list(console.routes)):
        if method != "GET":
            answers = [
                administrator.request(method, path, data={}, headers=FETCH),
                administrator.request(method, path, data={"csrf": "forged"}, headers=FETCH),
                administrator.request(method, path, headers={**FETCH, "X-CSRF-Token": ""}),
            ]
            assert [(path, a.status_code) for a in answers] == [(path, 403)] * 3
    assert people.by_login("lin").nickname == "林悦"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
    ],
)
def test_another_site_cannot_send_a_form_even_with_the_token(
    agent: Visitor, headers: dict[str, str]
) -> None:
    given = {"csrf": agent.csrf, "nickname": "黑客"}
    answer = agent.post("/me", data=given, headers=headers)
    assert answer.status_code == 403 and "刷新" in answer.text
    assert people.by_login("wang").nickname == "小王"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://testserver"}, {"Sec-Fetch-Site": "same-origin"}, {}],
)
def test_form_of_ours_is_taken(agent: Visitor, headers: dict[str, str]) -> None:
    given = {"csrf": agent.csrf, "nickname": "王小"}
    assert agent.post("/me", data=given, headers=headers).status_code == 200
    assert people.by_login("wang").nickname == "王小"  # type: ignore[union-attr]


def test_token_of_somebody_else_is_no_token(agent: Visitor, administrator: Visitor) -> None:
    agent.csrf = administrator.csrf
    assert agent.submits("/me", nickname="黑客").status_code == 403


def test_session_that_ended_is_told_to_everybody_as_they_can_read_it(agent: Visitor) -> None:
    sessions.end(agent.cookies[COOKIE])
    page = agent.get("/me")
    assert page.url.path == "/sign-in" and "登录已过期" in page.text
    by_htmx = agent.get(
        "/me", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/desk/7?a=1"}
    )
    assert by_htmx.status_code == 401
    assert by_htmx.headers["HX-Redirect"] == "/sign-in?next=/desk/7%3Fa%3D1"
    by_script = agent.post("/me", headers=FETCH)
    assert (by_script.status_code, by_script.json()) == (401, {"error": "登录已过期，请重新登录"})


@pytest.mark.parametrize("path", ["/staff", "/staff/1", "/access-log"])
def test_agent_without_the_right_is_refused(agent: Visitor, path: str) -> None:
    answer = agent.get(path)
    assert answer.status_code == 403 and "没有这个权限" in answer.text
    assert "人员</a>" not in agent.get("/me").text


def test_operator_does_not_decide_who_works_here(console: Starlette) -> None:
    with Visitor(console) as visitor:
        number = visitor.becomes("zhou", "周舟", "operator").id
        assert visitor.get("/staff").status_code == 403
        assert visitor.submits(f"/staff/{number}", role="administrator").status_code == 403


def test_role_is_looked_up_at_every_request(console: Starlette, administrator: Visitor) -> None:
    people.add("two", "二号", "administrator", "wolken ohne regen", time.time())
    assert administrator.get("/staff").status_code == 200
    people.change(people.by_login("lin").id, role="agent")  # type: ignore[union-attr]
    assert administrator.get("/staff").url.path == "/sign-in"


def test_every_answer_carries_what_protects_the_browser(agent: Visitor) -> None:
    for path in ("/me", "/nothing", "/static/theme.css", "/sign-in", "/health"):
        headers = agent.get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
    assert agent.get("/me").headers["Cache-Control"] == "no-store"
    assert "immutable" in agent.get("/static/theme.css?v=1").headers["Cache-Control"]


def test_pages_hold_no_script_and_no_style_of_their_own(administrator: Visitor) -> None:
    for path in ("/me", "/staff", "/staff/1", "/access-log", "/password"):
        text = administrator.get(path).text
        assert "<style" not in text and "style=" not in text and "onclick" not in text
        assert text.count("<script") == text.count("<script src=")


def test_what_does_not_exist_is_said_in_chinese(agent: Visitor) -> None:
    page = agent.get("/nothing")
    assert page.status_code == 404 and "没有这个页面" in page.text and "</html>" in page.text
    assert agent.get("/nothing", headers=FETCH).json()["error"]
    assert agent.get("/sign-out").status_code == 405


@signed_in
async def _fails(request: Request) -> Response:
    await request.form()
    raise RuntimeError("a handler failed")


@signed_in
@max_body(200_000)
async def _takes_more(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


def test_failure_shows_a_page_and_logs_no_words(
    console: Starlette, agent: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    console.router.routes.insert(0, Route("/fails", _fails, methods=["POST"]))
    page = agent.submits("/fails", said="顾客的话")
    assert page.status_code == 500 and "系统出错了" in page.text
    assert "a handler failed" not in page.text
    assert "a handler failed" in caplog.text and "顾客的话" not in caplog.text
    assert "Content-Security-Policy" in page.headers


def test_body_that_is_too_large_is_refused_with_a_page(agent: Visitor) -> None:
    page = agent.submits("/me", nickname="长" * 30_000)
    assert page.status_code == 413 and "内容太大" in page.text
    assert people.by_login("wang").nickname == "小王"  # type: ignore[union-attr]


def test_body_without_a_length_is_counted_while_it_comes(agent: Visitor) -> None:
    def blocks() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 1024

    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert agent.post("/me", content=blocks(), headers=kind).status_code == 413


def test_handler_may_take_more(console: Starlette, agent: Visitor) -> None:
    console.router.routes.insert(0, Route("/more", _takes_more, methods=["POST"]))
    token = {"X-CSRF-Token": agent.csrf}
    assert agent.post("/more", content=b"x" * 150_000, headers=token).text == "150000"
    assert agent.post("/more", content=b"x" * 250_000, headers=token).status_code == 413
