"""What people change about themselves."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from kefu.staff import people
from kefu.staff.people import Person
from tests.console.visitors import Visitor


def wang() -> Person:
    person = people.by_login("wang")
    assert person is not None
    return person


def picture(side: int = 400) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), "teal").save(out, "JPEG")
    return out.getvalue()


def test_nickname_is_changed_and_shown_as_text(agent: Visitor) -> None:
    page = agent.submits("/me", nickname="<i>王</i>")
    assert "昵称已保存" in page.text
    assert "<i>王" not in page.text and "&lt;i&gt;王" in page.text


def test_nickname_that_will_not_do_is_refused_with_the_reason(agent: Visitor) -> None:
    page = agent.submits("/me", nickname="  ")
    assert page.status_code == 422 and "1 至 20 个字" in page.text
    assert wang().nickname == "小王"


def test_state_is_chosen_on_every_page(agent: Visitor) -> None:
    assert 'value="away" selected' in agent.get("/me").text
    part = agent.post(
        "/me/state", data={"state": "online"},
        headers={"HX-Request": "true", "X-CSRF-Token": agent.csrf},
    )  # fmt: skip
    assert 'value="online" selected' in part.text and "<html" not in part.text
    assert wang().state == "online"
    assert agent.submits("/me/state", state="busy").url.path == "/me"
    assert wang().state == "busy"
    assert agent.submits("/me/state", state="asleep").status_code == 422


def test_picture_is_made_small_and_shown_to_those_who_are_signed_in(
    agent: Visitor, stranger: Visitor
) -> None:
    url = f"/staff/{wang().id}/picture"
    assert agent.get(url).status_code == 404
    sent = {"picture": ("me.jpg", picture(), "image/jpeg")}
    page = agent.post("/me/picture", data={"csrf": agent.csrf}, files=sent)
    assert "头像已保存" in page.text and url in page.text

    shown = agent.get(url)
    assert shown.headers["Content-Type"] in ("image/jpeg", "image/png")
    assert max(Image.open(io.BytesIO(shown.content)).size) <= 256
    assert stranger.get(url).url.path == "/sign-in"

    assert "头像已删除" in agent.submits("/me/picture/remove").text
    assert agent.get(url).status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", 422, "请先选择"),
        (b"<script>alert(1)</script>", 415, "不是图片"),
        (b"\xff\xd8\xff" + b"x" * (2 * 1024 * 1024), 413, "2 MB"),
        (b"x" * (20 * 1024 * 1024), 413, "太大"),
    ],
)
def test_what_is_no_picture_changes_nothing(
    agent: Visitor, content: bytes, status: int, said: str
) -> None:
    sent = {"picture": ("me.jpg", content, "image/jpeg")}
    page = agent.post("/me/picture", data={"csrf": agent.csrf}, files=sent)
    assert page.status_code == status and said in page.text
    assert not wang().has_picture
