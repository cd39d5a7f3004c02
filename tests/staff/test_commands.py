"""`kefu staff`: the people of the desk from the terminal."""

from __future__ import annotations

import re
import time

import pytest
from typer.testing import CliRunner

from kefu.cli import app
from kefu.handoff import desk, holder
from kefu.staff import access
from kefu.staff.names import name_of
from kefu.staff.people import StaffError
from kefu.staff.signing_in import FAILURES, SignInRefused, sign_in
from kefu.storage.conversations import remember

pytestmark = pytest.mark.usefixtures("database")

_ONE_TIME = re.compile(r"：(\w{4}(?:-\w{4}){3})$", re.MULTILINE)


def staff(*words: str) -> str:
    result = CliRunner().invoke(app, ["staff", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def one_time(output: str) -> str:
    found = _ONE_TIME.search(output)
    assert found is not None, output
    return found[1]


def signs_in(password: str) -> bool:
    try:
        return sign_in("wang", password, time.time(), "").must_change
    except SignInRefused:
        return False


def test_added_person_signs_in_with_the_password_on_the_terminal() -> None:
    password = one_time(staff("add", "wang", "--nickname", "小王", "--role", "operator"))
    assert signs_in(password)
    assert name_of("wang") == "小王"
    assert "wang" in staff("list") and "运营" in staff("list")
    assert [entry.login for entry in access.entries(action="staff_add")] == ["命令行"]


def test_new_password_replaces_the_old_one() -> None:
    old = one_time(staff("add", "wang"))
    new = one_time(staff("password", "wang"))
    assert signs_in(new) and not signs_in(old)


def test_dismissed_person_is_let_in_again() -> None:
    password = one_time(staff("add", "wang"))
    staff("disable", "wang")
    assert "已停用" in staff("list") and not signs_in(password)
    staff("enable", "wang")
    assert signs_in(password)


def test_lock_is_lifted() -> None:
    password = one_time(staff("add", "wang"))
    for _ in range(FAILURES):
        assert not signs_in("wrong")
    assert "登录已锁定" in staff("list") and not signs_in(password)
    staff("unlock", "wang")
    assert signs_in(password)


def test_login_that_nobody_has_is_said_with_the_remedy() -> None:
    with pytest.raises(StaffError, match="kefu staff list"):
        staff("disable", "nobody")


def test_customers_of_somebody_dismissed_wait_for_another() -> None:
    staff("add", "wang")
    waiting = holder.request(
        remember("rest", "o_1", time.time()), "keyword", "?", None, time.time()
    )
    desk.take(waiting.id, "wang", time.time())
    staff("disable", "wang")
    assert holder.get(waiting.id).state == "waiting"
