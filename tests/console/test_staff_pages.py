"""Administrators decide who works at the desk."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from starlette.applications import Starlette

from kefu.handoff import desk, holder
from kefu.staff import access, people
from kefu.staff.people import Person
from kefu.staff.signing_in import FAILURES, SignInRefused, sign_in
from tests.console.scene import arrives, waits
from tests.console.visitors import PASSWORD, Visitor

_ONE_TIME = re.compile(r'id="one-time">([^<]+)<')


def wang() -> Person:
    return people.by_login("wang") or people.add("wang", "小王", "agent", PASSWORD, time.time())


def form(person: Person, **changed: Any) -> dict[str, Any]:
    """Return what the page of a person sends."""
    given = {"nickname": person.nickname, "role": person.role, "max_chats": "5", "active": "yes"}
    return {**given, "hours": "service", **changed}


def test_added_person_signs_in_with_the_password_that_is_shown_once(
    console: Starlette, administrator: Visitor
) -> None:
    page = administrator.submits("/staff", login="Wang", nickname="小王", role="agent")
    found = _ONE_TIME.search(page.text)
    assert found is not None
    assert found[1] not in administrator.get("/staff").text
    with Visitor(console) as visitor:
        assert visitor.signs_in("wang", found[1]).url.path == "/password"
    noted = next(entry for entry in access.entries() if entry.action == "staff_add")
    assert (noted.login, noted.detail) == ("lin", "wang：客服")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"login": "lin"}, "已经有人用了"),
        ({"login": "<b>"}, "登录名应为"),
        ({"nickname": ""}, "昵称应为"),
        ({"role": "owner"}, "没有「owner」这个角色"),
    ],
)
def test_person_who_cannot_be_added_is_said_why(
    administrator: Visitor, given: dict[str, str], said: str
) -> None:
    whole = {"login": "wang", "nickname": "小王", "role": "agent", **given}
    page = administrator.submits("/staff", **whole)
    assert page.status_code == 422 and said in page.text
    assert len(people.everybody()) == 1


def test_everything_about_a_person_is_changed_on_one_page(administrator: Visitor) -> None:
    person = wang()
    page = administrator.submits(
        f"/staff/{person.id}",
        **form(person, nickname="王芳", role="operator", max_chats="3", hours="own"),
        skills=["order", "payment"], mon="9：00—12：00、13:00 - 18:00", sat="10:00-16:00",
    )  # fmt: skip
    assert "已保存" in page.text and 'value="09:00-12:00 13:00-18:00"' in page.text
    after = wang()
    assert (after.nickname, after.role, after.max_chats) == ("王芳", "operator", 3)
    assert after.skills == ("order", "payment")
    assert after.hours == {"mon": ("09:00-12:00", "13:00-18:00"), "sat": ("10:00-16:00",)}
    noted = next(entry for entry in access.entries() if entry.action == "staff_change")
    assert noted.detail == "wang：昵称、角色、技能、工作时间、同时接待的人数"


def test_skills_are_offered_by_the_titles_of_the_knowledge_base(administrator: Visitor) -> None:
    page = administrator.get(f"/staff/{wang().id}")
    assert re.search(r'value="logistics"> *\S+', page.text)
    assert page.text.count('name="skills"') == 10


def test_hours_that_cannot_be_read_are_kept_in_the_form(administrator: Visitor) -> None:
    person = wang()
    page = administrator.submits(f"/staff/{person.id}", **form(person, hours="own", mon="全天"))
    assert page.status_code == 422
    assert "不是时间段" in page.text and 'value="全天"' in page.text
    assert wang().hours is None


def test_dismissed_person_is_signed_out_at_once(
    console: Starlette, administrator: Visitor, agent: Visitor
) -> None:
    person = wang()
    given = form(person)
    del given["active"]
    assert "已停用" not in administrator.get("/staff").text
    administrator.submits(f"/staff/{person.id}", **given)
    assert "已停用" in administrator.get("/staff").text
    assert agent.get("/me").url.path == "/sign-in"
    assert agent.signs_in("wang").status_code == 401


def test_last_administrator_cannot_dismiss_or_demote_themselves(administrator: Visitor) -> None:
    me = people.by_login("lin")
    assert me is not None
    for given in (form(me, role="agent"), form(me, active="no")):
        page = administrator.submits(f"/staff/{me.id}", **given)
        assert page.status_code == 422 and "最后一位管理员" in page.text
    assert administrator.get("/staff").status_code == 200


def test_reset_password_is_shown_once_and_signs_out(administrator: Visitor, agent: Visitor) -> None:
    url = f"/staff/{wang().id}"
    found = _ONE_TIME.search(administrator.submits(f"{url}/password").text)
    assert found is not None and found[1] not in administrator.get(url).text
    assert agent.get("/me").url.path == "/sign-in"
    assert agent.signs_in("wang", PASSWORD).status_code == 401
    assert agent.signs_in("wang", found[1]).url.path == "/password"


def test_own_password_is_not_reset_here(administrator: Visitor) -> None:
    me = people.by_login("lin")
    assert me is not None
    assert administrator.submits(f"/staff/{me.id}/password").status_code == 422
    assert administrator.get("/staff").status_code == 200


def test_lock_is_shown_and_lifted(administrator: Visitor) -> None:
    person = wang()
    for _ in range(FAILURES):
        with pytest.raises(SignInRefused):
            sign_in("wang", "wrong", time.time(), "")
    assert "登录已锁定" in administrator.get("/staff").text
    page = administrator.submits(f"/staff/{person.id}/unlock")
    assert "已解除锁定" in page.text
    assert sign_in("wang", PASSWORD, time.time(), "").id == person.id


def test_person_who_does_not_exist_has_no_page(administrator: Visitor) -> None:
    assert administrator.get("/staff/999").status_code == 404
    assert administrator.submits("/staff/999", nickname="x").status_code == 404


def test_access_log_shows_the_newest_and_leads_to_older_ones(administrator: Visitor) -> None:
    for number in range(120):
        access.note("wang", "view_conversation", conversation=f"conv{number:04}")
    page = administrator.get("/access-log", params={"login": "wang"})
    assert "conv0119" in page.text and "conv0020" in page.text and "conv0019" not in page.text
    older = re.search(r'href="([^"]+before=\d+)"', page.text)
    assert older is not None
    page = administrator.get(older[1].replace("&amp;", "&"))
    assert "conv0019" in page.text and "conv0020" not in page.text
    assert "更早" not in page.text


def test_access_log_is_filtered_and_who_reads_it_stands_in_it(administrator: Visitor) -> None:
    access.note("wang", "view_panel", conversation="conv0001", detail="<b>x</b>")
    page = administrator.get("/access-log", params={"action": "view_access_log"})
    assert "conv0001" not in page.text and '<td data-name="人员">lin</td>' in page.text
    page = administrator.get("/access-log", params={"action": "view_panel", "before": "x" * 30})
    assert "conv0001" in page.text and "&lt;b&gt;x" in page.text


def test_customers_of_somebody_dismissed_wait_for_another(administrator: Visitor) -> None:
    wang = people.add("wang", "小王", "agent", PASSWORD, time.time())
    people.add("mei", "小美", "agent", PASSWORD, time.time())
    theirs, others = waits(arrives("o_1")), waits(arrives("o_2"))
    desk.take(theirs.id, "wang", time.time())
    desk.say(theirs.id, "wang", "马上帮你查", time.time())
    desk.take(others.id, "mei", time.time())
    given = form(wang)
    del given["active"]
    administrator.submits(f"/staff/{wang.id}", **given)
    assert holder.get(theirs.id).state == "waiting"
    assert (holder.get(others.id).state, holder.get(others.id).agent) == ("agent", "mei")
