"""Who works at the desk."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from kefu.staff import people, sessions
from kefu.staff.names import name_of
from kefu.staff.people import Person, StaffError
from kefu.storage.engine import reading
from kefu.storage.tables import staff

pytestmark = pytest.mark.usefixtures("database")

ZONE = ZoneInfo("Asia/Shanghai")
# A Tuesday, in the service hours of the project's settings.
NOON = datetime(2026, 6, 2, 12, tzinfo=ZONE).timestamp()
NIGHT = datetime(2026, 6, 2, 23, tzinfo=ZONE).timestamp()
PASSWORD = "wolken ohne regen"


def add(login: str = "wang", role: str = "agent") -> Person:
    return people.add(login, "小王", role, PASSWORD, NOON)


def at_desk(person: Person, now: float = NOON) -> Person:
    people.set_state(person.id, "online", now)
    return fresh(person)


def fresh(person: Person) -> Person:
    found = people.get(person.id)
    assert found is not None
    return found


def test_added_person_is_found_by_number_and_by_login_in_any_case() -> None:
    person = people.add(" Wang.Li ", "小王", "agent", PASSWORD, NOON)
    assert person.login == "wang.li"
    assert people.get(person.id) == people.by_login("WANG.li") == person
    assert (person.skills, person.hours, person.state) == ((), None, "away")
    assert people.get(999) is None and people.by_login("nobody") is None


def test_login_is_somebodys_own() -> None:
    add("wang")
    with pytest.raises(StaffError, match="已经有人用了"):
        add("WANG")


def test_two_who_add_the_same_login_make_one_person() -> None:
    def attempt(_: int) -> bool:
        try:
            add("wang")
        except StaffError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(4))) == 1
    assert len(people.everybody()) == 1


@pytest.mark.parametrize("login", ["", "a", "王", "a b", "-a", "a/b", "<b>", "x" * 41])
def test_login_that_could_be_misread_is_refused(login: str) -> None:
    with pytest.raises(StaffError, match="登录名"):
        people.add(login, "小王", "agent", PASSWORD, NOON)


def test_customers_read_the_nickname_and_the_login_of_who_is_unknown() -> None:
    add("wang")
    assert name_of("wang") == "小王"
    assert name_of("微信客服") == "微信客服"


def test_everything_that_an_administrator_sets_is_kept() -> None:
    person = add()
    after = people.change(
        person.id, nickname=" 小 王 ", role="operator", skills=["order", "payment", "order"],
        hours={"mon": ["09:00-12:00", "13:00-18:00"], "sun": []}, max_chats=3,
    )  # fmt: skip
    assert (after.nickname, after.role, after.max_chats) == ("小 王", "operator", 3)
    assert after.skills == ("order", "payment")
    assert after.hours == {"mon": ("09:00-12:00", "13:00-18:00")}
    assert people.change(person.id, hours=None, skills=[]).hours is None
    assert fresh(person).skills == ()


@pytest.mark.parametrize(
    "field",
    [
        {"nickname": "   "},
        {"nickname": "长" * 21},
        {"nickname": "小\u202e王"},
        {"role": "owner"},
        {"skills": ["'; drop"]},
        {"hours": {"mon": ["18:00-09:00"]}},
        {"hours": {"someday": ["09:00-18:00"]}},
        {"max_chats": 0},
        {"max_chats": 51},
        {"max_chats": "many"},
        {"password_hash": "x"},
    ],
)
def test_value_that_will_not_do_changes_nothing(field: dict[str, Any]) -> None:
    person = add()
    with pytest.raises(StaffError):
        people.change(person.id, **field)
    assert fresh(person) == person


def test_nobody_is_changed_who_does_not_exist() -> None:
    with pytest.raises(StaffError, match="没有编号"):
        people.change(7, nickname="小王")
    with pytest.raises(StaffError, match="没有编号"):
        people.set_password(7, PASSWORD)


@pytest.mark.parametrize("field", [{"role": "agent"}, {"active": False}])
def test_last_administrator_stays_one(field: dict[str, Any]) -> None:
    boss = add("boss", "administrator")
    with pytest.raises(StaffError, match="最后一位管理员"):
        people.change(boss.id, **field)
    assert people.has_administrator()
    add("other", "administrator")
    people.change(boss.id, **field)


def test_two_administrators_who_dismiss_each_other_leave_one() -> None:
    pair = [add("one", "administrator"), add("two", "administrator")]

    def dismiss(person: Person) -> bool:
        try:
            people.change(person.id, role="agent")
        except StaffError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(dismiss, pair)) == [False, True]
    assert people.has_administrator()


@pytest.mark.parametrize(
    ("act", "stays"),
    [
        (lambda p: people.set_password(p.id, "etwas ganz anderes"), False),
        (lambda p: people.change(p.id, role="operator"), False),
        (lambda p: people.change(p.id, active=False), False),
        (lambda p: people.change(p.id, nickname="小李"), True),
        (lambda p: people.change(p.id, role="agent", active=True), True),
    ],
)
def test_change_of_rights_signs_out_everywhere(act: Callable[[Person], Any], stays: bool) -> None:
    person, other = add(), add("li")
    mine = [sessions.open_session(person.id, NOON) for _ in range(2)]
    others = sessions.open_session(other.id, NOON)
    act(person)
    assert [sessions.find(new.token, NOON) is not None for new in mine] == [stays, stays]
    assert sessions.find(others.token, NOON) is not None


def test_picture_is_kept_encrypted_and_can_be_removed() -> None:
    person = add()
    people.set_picture(person.id, b"a picture", "image/png")
    assert people.picture(person.id) == (b"a picture", "image/png")
    assert fresh(person).has_picture
    people.set_picture(person.id, None, None)
    assert people.picture(person.id) is None
    assert not fresh(person).has_picture


def test_password_is_nowhere_in_the_database() -> None:
    add()
    with reading() as connection:
        row = connection.execute(select(staff.c)).one()
    assert PASSWORD not in str(tuple(row))
    assert row.password_hash.startswith("$argon2id$")


def test_person_is_at_work_while_online_present_and_in_hours() -> None:
    person = at_desk(add())
    assert people.at_work(person, NOON)
    assert people.at_work(person, NOON + people.PRESENT_SECONDS)
    assert not people.at_work(person, NOON + people.PRESENT_SECONDS + 1)
    people.seen(person.id, NOON + 100)
    assert people.at_work(fresh(person), NOON + 101)
    people.gone(person.id)
    assert not people.at_work(fresh(person), NOON + 101)


@pytest.mark.parametrize("state", ["busy", "away"])
def test_person_who_is_busy_or_away_gets_nobody(state: str) -> None:
    person = add()
    people.set_state(person.id, state, NOON)
    assert not people.at_work(fresh(person), NOON)


def test_state_that_does_not_exist_is_refused() -> None:
    with pytest.raises(StaffError, match="在线"):
        people.set_state(add().id, "asleep", NOON)


def test_dismissed_person_is_never_at_work() -> None:
    person = at_desk(add())
    people.change(person.id, active=False)
    assert not people.at_work(fresh(person), NOON)


def test_without_hours_of_their_own_the_service_hours_count() -> None:
    assert not people.at_work(at_desk(add(), NIGHT), NIGHT)


def test_hours_of_their_own_count_instead_of_the_service_hours() -> None:
    person = add()
    people.change(person.id, hours={"tue": ["22:00-24:00"]})
    assert people.at_work(at_desk(person, NIGHT), NIGHT)
    assert not people.at_work(at_desk(person, NOON), NOON)


def test_those_who_may_sign_in_are_listed_first() -> None:
    for login in ("cc", "bb", "aa"):
        add(login)
    people.change(people.by_login("aa").id, active=False)  # type: ignore[union-attr]
    assert [person.login for person in people.everybody()] == ["bb", "cc", "aa"]


@pytest.mark.parametrize("login", ["wang\0", "", "王", "w" * 5000])
def test_what_can_be_no_login_is_nobodys(database: str, login: str) -> None:
    assert people.by_login(login) is None
