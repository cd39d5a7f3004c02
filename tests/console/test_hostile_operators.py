"""The pages of operators under requests that no page of ours makes: refused, or nothing."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from starlette.routing import Route

from kefu.console import figures_views
from kefu.console.app import create_app
from kefu.insight.charts import CHARTS
from tests.console.at_work import questions
from tests.console.visitors import Visitor
from tests.knowledge.bases import contents

pytest_plugins = ["tests.console.homes"]

AREAS = (
    "/knowledge", "/unrecognised", "/review", "/publishing", "/figures", "/settings", "/backups",
    "/state",
)  # fmt: skip
IDS = (
    "..", "%2e%2e", "..%2f..%2fsettings.yml", "%2fetc%2fpasswd", "%00", "a%00b", "%0a", "%ff",
    "%ed%a0%80", "-", "2147483648", "9999999999", "x" * 900, "[abc]", "*", "<script>", "..%5c..",
)  # fmt: skip
DEEP = "[" * 50_000
HALF = '["payment/invoice", "\\ud800"]'


@pytest.fixture(autouse=True)
def no_failure_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever is sent, the log tells of no failure of ours."""
    yield
    ours = [r for r in caplog.records if r.name.startswith("kefu")]
    assert [r.getMessage() for r in ours if r.levelno >= logging.ERROR] == []


def requests() -> list[tuple[str, str]]:
    """Return method and path of everything in the areas of operators."""
    routes = (route for route in create_app(with_duties=False).routes if isinstance(route, Route))
    return sorted(
        (method, route.path)
        for route in routes
        if route.path.startswith(AREAS)
        for method in (route.methods or set()) - {"HEAD"}
    )


def filled(path: str, value: str) -> str:
    return re.sub(r"\{\w+(:int)?\}", lambda found: "1" if found[1] else value, path)


def test_strangers_and_agents_come_nowhere(home: Path) -> None:
    app = create_app(with_duties=False)
    before = contents(home)
    with Visitor(app) as stranger, Visitor(app) as agent:
        agent.becomes("wang", "小王", "agent")
        for method, path in requests():
            address = filled(path, "x")
            answer = stranger.request(method, address, follow_redirects=False)
            assert (path, answer.status_code) == (path, 303)
            assert answer.headers["Location"].startswith("/sign-in")
            given = {"csrf": agent.csrf} if method == "POST" else None
            assert (path, agent.request(method, address, data=given).status_code) == (path, 403)
    assert contents(home) == before


def test_nothing_is_done_for_another_site(boss: Visitor, home: Path) -> None:
    before = contents(home)
    elsewhere = ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"})
    for path in (filled(path, "x") for method, path in requests() if method == "POST"):
        assert (path, boss.post(path).status_code) == (path, 403)
        assert (path, boss.post(path, data={"csrf": "x"}).status_code) == (path, 403)
        for headers in elsewhere:
            answer = boss.post(path, data={"csrf": boss.csrf}, headers=headers)
            assert (path, answer.status_code) == (path, 403)
    assert contents(home) == before


def test_id_that_names_nothing_does_nothing(boss: Visitor, home: Path) -> None:
    before = contents(home)
    named = [(method, path) for method, path in requests() if "{" in path]
    for (method, path), value in product(named, IDS):
        address = f"http://testserver{filled(path, value)}"
        given = {"csrf": boss.csrf} if method == "POST" else None
        answer = boss.request(method, address, data=given, follow_redirects=False)
        assert (path, value, answer.status_code < 500) == (path, value, True)
        assert "root:" not in answer.text and "Traceback" not in answer.text
    assert contents(home) == before


def test_model_that_is_none_is_not_brought_into_service(boss: Visitor) -> None:
    names = ("x" * 3000, "../x", "/etc/passwd", ".", "\x1b", "模型" * 90)
    for act, name in product(("use", "check"), names):
        page = boss.submits(f"/publishing/{act}", model=f"{name}.tar.gz")
        assert page.status_code == 422 and "这个模型已经不在" in page.text


def test_hidden_field_that_no_page_of_ours_filled(boss: Visitor, home: Path) -> None:
    before = questions(home)
    for held in (DEEP, HALF, "null", '{"question": ["x"]}', '{"similar": [1]}'):
        entry = {"question": "怎么查订单", "base": held, "take": held, "label": "order/find"}
        for path in ("/knowledge/entries/order/find", "/settings/assistant"):
            assert boss.submits(path, marks=held, **entry).status_code == 422
        assert boss.submits("/knowledge/check", **entry).status_code == 200
    assert questions(home) == before


def test_what_an_address_may_ask_for(boss: Visitor) -> None:
    names = ("q", "page", "period", "from", "to", "channel", "category", "step", "show", "label",
             "group", "week", "did", "done", "kept", "gone", "act", "format")  # fmt: skip
    values = {"name": next(iter(CHARTS)), "group": next(iter(figures_views.GROUPS))}
    paths = [path for method, path in requests() if method == "GET"]
    for path, value in product(paths, ("\x1b[31m\0", "9" * 400, "٣", "x" * 3000, "=1+1", "\u202e")):
        address = re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], "x"), path)
        answer = boss.get(address, params=dict.fromkeys(names, value), follow_redirects=False)
        assert (path, value, answer.status_code < 500) == (path, value, True)
