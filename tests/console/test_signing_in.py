"""Signing in and out of the console, and changing a password there."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.applications import Starlette

from kefu.console.guard import COOKIE
from kefu.staff import access, people, sessions
from kefu.staff.people import Person
from kefu.staff.signing_in import FAILURES_OF_ADDRESS, TOO_OFTEN
from tests.console.visitors import PASSWORD, Visitor, form_token

NEW = "ganz etwas anderes"


@pytest.fixture
def wang(console: Starlette) -> Person:
    return people.add("wang", "小王", "agent", PASSWORD, time.time())


def test_stranger_is_sent_to_the_form_and_after_it_where_they_wanted(
    stranger: Visitor, wang: Person
) -> None:
    form = stranger.get("/me?x=1")
    assert str(form.url.raw_path, "ascii") == "/sign-in?next=/me%3Fx%3D1"
    page = stranger.post(
        "/sign-in",
        data={
            "csrf": form_token(form), "login": "wang", "password": PASSWORD, "next": "/me?x=1",
        },
    )  # fmt: skip
    assert (page.status_code, page.url.path, page.url.query) == (200, "/me", b"x=1")
    assert "小王" in page.text


@pytest.mark.parametrize("then", ["//evil.example/", "https://evil.example/", "/\\evil", "x"])
def test_form_leads_to_no_other_site(stranger: Visitor, wang: Person, then: str) -> None:
    token = form_token(stranger.get("/sign-in", params={"next": then}))
    given = {"csrf": token, "login": "wang", "password": PASSWORD, "next": then}
    response = stranger.post("/sign-in", data=given, follow_redirects=False)
    assert response.headers["Location"] == "/"


def test_wrong_password_keeps_the_login_in_the_form_and_never_the_password(
    stranger: Visitor, wang: Person
) -> None:
    page = stranger.signs_in("<b>wang", "my secret words")
    assert page.status_code == 401
    assert "登录名或密码不正确" in page.text
    assert "&lt;b&gt;wang" in page.text and "my secret words" not in page.text
    assert COOKIE not in stranger.cookies


def test_form_without_its_token_signs_nobody_in(stranger: Visitor, wang: Person) -> None:
    stranger.get("/sign-in")
    for token in ({}, {"csrf": ""}, {"csrf": "guessed"}):
        given = {"login": "wang", "password": PASSWORD, **token}
        assert stranger.post("/sign-in", data=given).status_code == 403
    stranger.cookies.clear()
    given = {"login": "wang", "password": PASSWORD, "csrf": ""}
    assert stranger.post("/sign-in", data=given).status_code == 403
    assert COOKIE not in stranger.cookies


def test_cookie_is_for_the_browser_alone(stranger: Visitor, wang: Person) -> None:
    token = form_token(stranger.get("/sign-in"))
    given = {"csrf": token, "login": "wang", "password": PASSWORD}
    response = stranger.post("/sign-in", data=given, follow_redirects=False)
    cookie = next(c for c in response.headers.get_list("Set-Cookie") if c.startswith(f"{COOKIE}="))
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie
    assert "Secure" not in cookie


@pytest.mark.parametrize(("peer", "secure"), [("127.0.0.1", True), ("203.0.113.9", False)])
def test_only_a_proxy_on_this_machine_says_that_it_is_https(
    console: Starlette, wang: Person, peer: str, secure: bool
) -> None:
    with Visitor(console, client=(peer, 40000)) as visitor:
        visitor.headers["X-Forwarded-Proto"] = "https"
        response = visitor.get("/sign-in")
    assert ("Secure" in response.headers["Set-Cookie"]) is secure


@pytest.mark.parametrize(
    ("peer", "address"), [("127.0.0.1", "198.51.100.2"), ("203.0.113.9", "203.0.113.9")]
)
def test_only_a_proxy_on_this_machine_says_who_calls(
    console: Starlette, wang: Person, peer: str, address: str
) -> None:
    with Visitor(console, client=(peer, 40000)) as visitor:
        visitor.headers["X-Forwarded-For"] = "10.0.0.1, 198.51.100.2"
        visitor.signs_in("wang")
    assert access.entries()[0].address == address


def test_signing_in_again_ends_the_session_that_the_browser_had(
    agent: Visitor, administrator: Visitor
) -> None:
    before = agent.cookies[COOKIE]
    token = form_token(administrator.get("/password"))  # any page: the form is for strangers
    agent.cookies.set("kefu_sign_in", token, path="/sign-in")
    given = {"csrf": token, "login": "wang", "password": PASSWORD}
    response = agent.post("/sign-in", data=given, follow_redirects=False)
    assert response.status_code == 303
    assert before not in response.headers["Set-Cookie"]
    assert sessions.find(before, time.time()) is None


def test_signing_out_ends_the_session_also_for_who_copied_the_cookie(
    stranger: Visitor, wang: Person
) -> None:
    stranger.signs_in("wang")
    copied = stranger.cookies[COOKIE]
    assert stranger.submits("/sign-out").url.path == "/sign-in"
    stranger.cookies.set(COOKIE, copied)
    assert stranger.get("/me").url.path == "/sign-in"
    assert [entry.action for entry in access.entries()] == ["sign_out", "sign_in"]


def test_who_signed_out_is_given_no_customer(agent: Visitor) -> None:
    agent.submits("/me/state", state="online")
    assert people.by_login("wang").seen_at > 0  # type: ignore[union-attr]
    agent.submits("/sign-out")
    assert people.by_login("wang").seen_at == 0  # type: ignore[union-attr]


def test_one_time_password_leads_nowhere_but_to_a_new_one(stranger: Visitor, wang: Person) -> None:
    people.set_password(wang.id, "eins zwei drei", must_change=True)
    assert stranger.signs_in("wang", "eins zwei drei").url.path == "/password"
    assert stranger.get("/desk").url.path == "/password"
    asked = stranger.get("/me", headers={"Accept": "application/json"})
    assert (asked.status_code, asked.json()) == (403, {"error": "请先修改一次性密码"})
    by_htmx = stranger.get("/me", headers={"HX-Request": "true"})
    assert by_htmx.headers["HX-Redirect"] == "/password"

    page = stranger.submits("/password", old="eins zwei drei", new=NEW, again=NEW)
    assert (page.url.path, "密码已修改" in page.text) == ("/me", True)
    assert '接着去<a href="/desk">工作台</a></p>' in page.text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"old": "wrong", "new": NEW, "again": NEW}, "现在的密码不正确"),
        ({"old": PASSWORD, "new": NEW, "again": NEW + "x"}, "不一样"),
        ({"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}, "不能和原来的一样"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "10 至 128"),
        ({"old": PASSWORD, "new": "ichbinwang12", "again": "ichbinwang12"}, "登录名"),
        ({}, "不能和原来的一样"),
    ],
)
def test_password_that_will_not_do_is_not_changed(
    agent: Visitor, given: dict[str, str], said: str
) -> None:
    page = agent.submits("/password", **given)
    assert page.status_code == 422 and said in page.text
    with Visitor(agent.app) as other:  # type: ignore[arg-type]
        assert other.signs_in("wang").status_code == 200


def test_changed_password_signs_out_every_other_browser(agent: Visitor) -> None:
    with Visitor(agent.app) as other:  # type: ignore[arg-type]
        other.signs_in("wang")
        page = agent.submits("/password", old=PASSWORD, new=NEW, again=NEW)
        assert page.url.path == "/me"
        assert other.get("/me").url.path == "/sign-in"
        assert other.signs_in("wang").status_code == 401
        assert other.signs_in("wang", NEW).status_code == 200
    assert "password" in {entry.action for entry in access.entries()}


def test_many_who_try_passwords_at_once_are_stopped_and_stop_nobody(
    console: Starlette, agent: Visitor, stranger: Visitor
) -> None:
    token = form_token(stranger.get("/sign-in"))

    def tries(number: int) -> bool:
        given = {"csrf": token, "login": f"nobody{number}", "password": "wrong wrong"}
        return TOO_OFTEN in stranger.post("/sign-in", data=given).text

    with ThreadPoolExecutor(30) as many:
        told = many.map(tries, range(FAILURES_OF_ADDRESS + 30))
        started = time.monotonic()
        assert agent.submits("/me", nickname="王小").status_code == 200
        assert time.monotonic() - started < 2
        assert sum(told) >= 28
