"""Requests that no browser of ours makes are refused in plain words, and leave no trace."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette

from kefu.console import hours_form
from kefu.console.guard import COOKIE
from kefu.staff import access, people, sessions
from tests.console.scene import arrives, waits
from tests.console.visitors import PASSWORD, Visitor, form_token

FORM = {"Content-Type": "multipart/form-data; boundary=b"}
PART = b'--b\r\nContent-Disposition: form-data; name="nickname"\r\n\r\na\\ud800b\r\n--b--\r\n'


@pytest.fixture(autouse=True)
def no_failure_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a stranger sends, the log tells of no failure of ours."""
    yield
    ours = [r for r in caplog.records if r.name.startswith("kefu")]
    assert [r.getMessage() for r in ours if r.levelno >= logging.ERROR] == []


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe\x00", b"--b\r\nContent-Disp\x00osition: form-data; name=x\r\n\r\n", b"--b--", b""],
)
@pytest.mark.parametrize("path", ["/sign-in", "/me", "/me/picture"])
def test_form_that_cannot_be_read_is_refused(agent: Visitor, path: str, body: bytes) -> None:
    answer = agent.post(path, content=body, headers=FORM)
    assert 400 <= answer.status_code < 500 and "</html>" in answer.text


@pytest.mark.parametrize("path", ["/sign-in", "/me", "/me/state", "/desk/1/say"])
def test_text_that_is_none_in_any_charset_is_refused(agent: Visitor, path: str) -> None:
    waits(arrives())
    for charset in ("unicode_escape", "punycode", "undefined", "UTF-7"):
        kind = f"multipart/form-data; boundary=b; charset={charset}"
        headers = {"Content-Type": kind, "X-CSRF-Token": agent.csrf}
        assert agent.post(path, content=PART, headers=headers).status_code == 400
    assert people.by_login("wang").nickname == "小王"  # type: ignore[union-attr]


def test_form_that_says_it_is_utf8_is_taken(agent: Visitor) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
    given = f"csrf={agent.csrf}&nickname=%E7%8E%8B%E5%B0%8F"
    assert agent.post("/me", content=given, headers=headers).status_code == 200
    assert people.by_login("wang").nickname == "王小"  # type: ignore[union-attr]


@pytest.mark.parametrize("digits", [11, 30, 900, 5000])
def test_number_beyond_all_numbers_names_nothing(administrator: Visitor, digits: int) -> None:
    number = "9" * digits
    for path in ("/staff/{}", "/staff/{}/picture", "/desk/{}", "/media/{}", "/helpdesk/media/{}"):
        assert administrator.get(path.format(number)).status_code == 404
    assert administrator.submits(f"/staff/{number}/unlock").status_code == 404


def test_number_that_the_database_could_hold_names_nothing_either(administrator: Visitor) -> None:
    for number in (2**31 - 1, 2**31, 9_999_999_999):
        for path in (f"/staff/{number}", f"/staff/{number}/picture", f"/desk/{number}/panel"):
            assert administrator.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/static/%00", "/static/theme.css%00.js", "/static/..%2fpages.py", "/static/%2e%2e/app.py",
     "/static//etc/passwd", "/static/" + "a" * 5000, "/static/theme.css%0d%0aSet-Cookie:a=b",
     "/%0a2026-01-01%20ERROR%20forged"],
)  # fmt: skip
def test_path_that_leads_out_of_the_files_leads_nowhere(agent: Visitor, path: str) -> None:
    answer = agent.get(path)
    assert answer.status_code == 404 and "a=b" not in answer.headers.get("Set-Cookie", "")
    assert "import" not in answer.text and "root:" not in answer.text


def test_nul_is_no_part_of_what_is_kept(administrator: Visitor) -> None:
    waits(arrives())
    assert administrator.submits("/quick-replies", title="问\0好", body="你\0好").status_code == 200
    assert "你好" in administrator.get("/quick-replies").text
    assert administrator.get("/access-log?login=%00&action=%00").status_code == 200
    to_nobody = administrator.submits("/desk/1/transfer", to="wang\0")
    assert to_nobody.status_code == 409 and "没有登录名" in to_nobody.json()["error"]


def test_nul_and_other_letters_make_no_login(administrator: Visitor, stranger: Visitor) -> None:
    for login in ("li\0 n", "\0", "lіn", "ｌｉｎ", "l" * 5000, "lin' --"):
        token = form_token(stranger.get("/sign-in"))
        given = {"csrf": token, "login": login, "password": PASSWORD}
        assert stranger.post("/sign-in", data=given).status_code == 401
    for login in (" LIN ", "lin"):
        assert people.by_login(login) is not None


@pytest.mark.parametrize("origin", ["http://[", "", "null", "://", "javascript:", "testserver"])
def test_origin_that_is_none_is_another_site(agent: Visitor, origin: str) -> None:
    answer = agent.post("/me", data={"csrf": agent.csrf}, headers={"Origin": origin})
    assert answer.status_code == 403


def test_host_header_is_no_address(console: Starlette) -> None:
    with Visitor(console) as visitor:
        person = people.add("neu", "新人", "administrator", PASSWORD, time.time(), must_change=True)
        visitor.enters(person)
        for host in ("a/password?", "a/sign-in?", "a/health?", "a/sign-out#", "["):
            answer = visitor.get("/staff", headers={"Host": host}, follow_redirects=False)
            assert (host, answer.status_code, answer.headers.get("Location")) == (
                host, 303, "/password"
            )  # fmt: skip
            assert visitor.get("/health", headers={"Host": host}).status_code == 200


def test_no_answer_sends_the_browser_to_the_host_that_it_named(agent: Visitor) -> None:
    for path in ("/me/", "/desk/", "/", "/sign-in/", "/static"):
        answer = agent.get(path, headers={"Host": "evil.example"}, follow_redirects=False)
        assert "evil" not in answer.headers.get("Location", "")


@pytest.mark.parametrize("then", ["//evil.example", "https://evil.example", "/\\evil.example",
                                  "\\/evil.example", "javascript:alert(1)", "/\t/evil.example",
                                  "/\r\nSet-Cookie: a=b", " //evil.example"])  # fmt: skip
def test_sign_in_leads_to_no_other_site(agent: Visitor, stranger: Visitor, then: str) -> None:
    token = form_token(stranger.get("/sign-in", params={"next": then}))
    given = {"csrf": token, "login": "wang", "password": PASSWORD, "next": then}
    answer = stranger.post("/sign-in", data=given, follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_chinese_address_survives_signing_in_by_script(agent: Visitor) -> None:
    answer = agent.get("/sign-in", params={"next": "/desk?q=中文"}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/desk?q=%E4%B8%AD%E6%96%87"


@pytest.mark.parametrize("url", ["http://[", "http://a]b/x", "data:text/html,x", "\xff"])
def test_page_that_names_an_impossible_address_is_sent_to_sign_in(
    stranger: Visitor, url: str
) -> None:
    headers = {b"HX-Request": b"true", b"HX-Current-URL": url.encode("latin-1")}
    answer = stranger.get("/me", headers=headers)
    assert answer.status_code == 401 and answer.headers["HX-Redirect"].startswith("/sign-in")


def test_query_that_is_no_text_is_taken_along(stranger: Visitor) -> None:
    answer = stranger.get("/me?a=%ff", follow_redirects=False)
    assert answer.headers["Location"] == "/sign-in?next=/me%3Fa%3D%25ff"


def test_address_is_what_the_proxy_itself_says(console: Starlette) -> None:
    with Visitor(console, client=("127.0.0.1", 50000)) as visitor:
        people.add("wang", "小王", "agent", PASSWORD, time.time())
        token = form_token(visitor.get("/sign-in"))
        given = {"csrf": token, "login": "wang", "password": "wrong"}
        two_lines = [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "5.5.5.5, 203.0.113.9")]
        visitor.post("/sign-in", data=given, headers=[*two_lines, ("Accept", "text/html")])
    assert [entry.address for entry in _log()] == ["203.0.113.9"]


def test_address_that_a_stranger_claims_is_not_believed(console: Starlette) -> None:
    with Visitor(console, client=("198.51.100.7", 50000)) as visitor:
        token = form_token(visitor.get("/sign-in", headers={"X-Forwarded-Proto": "https"}))
        given = {"csrf": token, "login": "wang", "password": "wrong"}
        visitor.post("/sign-in", data=given, headers={"X-Forwarded-For": "6.6.6.6"})
    assert [entry.address for entry in _log()] == ["198.51.100.7"]


def _log() -> list[access.Entry]:
    return access.entries()


def test_session_that_a_stranger_chose_is_never_anybodys(console: Starlette) -> None:
    with Visitor(console) as visitor:
        people.add("wang", "小王", "agent", PASSWORD, time.time())
        visitor.cookies.set(COOKIE, "chosen-by-somebody-else", domain="testserver.local")
        visitor.signs_in("wang")
        assert sessions.find("chosen-by-somebody-else", time.time()) is None


def test_endless_line_of_hours_is_found_wrong_at_once() -> None:
    started = time.perf_counter()
    hours_form.read({"monday": "1" + " " * 60_000 + "1", "mon": "1" + " " * 60_000 + "1"})
    assert time.perf_counter() - started < 1
