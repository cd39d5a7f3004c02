"""What was not understood finds its way into the knowledge base by one click, and back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from starlette.applications import Starlette

from kefu.loop import acts
from tests.console.loop_scene import ENGRAVE, TICKET, app, operator, shop, two_groups, when_there
from tests.console.visitors import Visitor
from tests.knowledge.small_base import in_git, says
from tests.loop import said

__all__ = ["app", "operator", "shop"]
PAGE = "/unrecognised"
# Short of a month, so that midnight on a Monday does not hide what was asked a minute ago.
MONTH = {"period": "month"}
INVOICE = "payment/invoice"


def listed(visitor: Visitor, **params: str) -> str:
    return when_there(visitor, PAGE, **{**MONTH, **params})


def group_of(page: str, title: str) -> str:
    """Return the id of the group with a wording."""
    before = page[: page.index(title)]
    return str(re.findall(r'id="g-([0-9a-f]{12})"', before)[-1])


def act(visitor: Visitor, what: str, group: str, **given: Any) -> Response:
    """Do something with a group, as htmx sends it."""
    data = {"csrf": visitor.csrf, "group": group, **MONTH, **given}
    return visitor.post(f"{PAGE}/{what}", data=data, headers={"HX-Request": "true"})


def add(visitor: Visitor, group: str, label: str = INVOICE, **given: Any) -> Response:
    return act(visitor, "add", group, **{"use": "0", "label": label, **given})


def undo(visitor: Visitor, where: str = "list") -> Response:
    data = {"csrf": visitor.csrf, "act": acts.acts()[0].id, "where": where, **MONTH}
    return visitor.post(f"{PAGE}/undo", data=data, headers={"HX-Request": "true"})


def test_groups_come_with_wordings_reasons_answer_and_suggestion(operator: Visitor) -> None:
    two_groups()
    page = listed(operator)
    assert page.index(ENGRAVE) < page.index(TICKET)
    assert "3 次" in page and "3 位顾客" in page and "没听懂 3" in page and "转了人工 1" in page
    assert "可以免费刻字，下单时备注内容即可。" in page
    assert "4 条问题，2 组待处理" in page


def test_answers_are_shown_as_customers_read_them(operator: Visitor, shop: Path) -> None:
    in_git(shop, "payment", "在订单详情里申请发票。", "请致电 {contact_phone}。")
    two_groups()
    page = listed(operator)
    assert "请致电 400-000-0000。" in page and "{contact_phone}" not in page


def test_one_click_adds_a_wording_and_another_takes_it_back(operator: Visitor, shop: Path) -> None:
    two_groups()
    group = group_of(listed(operator), TICKET)
    answer = add(operator, group, **{"text-0": "怎么开电子票"})
    assert answer.status_code == 200
    assert '已把 1 句加到「怎么开发票」，<a href="/publishing">发布</a>后生效' in answer.text
    assert "怎么开电子票" in says(shop, INVOICE).similar
    back = undo(operator)
    assert f"g-{group}" in back.text and TICKET in back.text
    assert "怎么开电子票" not in says(shop, INVOICE).similar
    assert "已经撤销过了" in undo(operator).text


def test_group_whose_words_are_known_by_now_is_off_the_list_at_once(operator: Visitor) -> None:
    two_groups()
    group = group_of(listed(operator), TICKET)
    add(operator, group)
    page = listed(operator)
    assert f"g-{group}" not in page and "1 组待处理，1 组已处理" in page


def test_second_operator_on_the_same_group_is_told_who_was_first(
    app: Starlette, operator: Visitor, shop: Path
) -> None:
    two_groups()
    group = group_of(listed(operator), TICKET)
    add(operator, group)
    before = says(shop, INVOICE).similar
    with Visitor(app) as second:
        second.becomes("zhao", "小赵", "operator")
        answer = add(second, group, "order/cancel")
    assert answer.status_code == 409
    assert "小李 在" in answer.text and "已经处理了这组" in answer.text
    assert "加到了「怎么开发票」" in answer.text
    assert says(shop, INVOICE).similar == before
    assert TICKET not in says(shop, "order/cancel").similar


def test_masked_words_are_not_added_unless_they_are_rewritten(
    operator: Visitor, shop: Path
) -> None:
    said.ask("发票发到 13812345678 可以吗")
    page = listed(operator)
    assert "有手机号，改成一般的说法才能加" in page and "13812345678" not in page
    group = group_of(page, "发票发到")
    refused = add(operator, group)
    assert refused.status_code == 422 and "请把〔〕里的改成一般的说法" in refused.text
    typed = {"text-0": "发票发到 13912345678 可以吗"}
    refused = add(operator, group, **typed)
    assert refused.status_code == 422 and "里面有手机号" in refused.text
    assert "13912345678" in refused.text  # nothing typed is lost
    assert add(operator, group, **{"text-0": "发票能发到手机上吗"}).status_code == 200
    assert "发票能发到手机上吗" in says(shop, INVOICE).similar


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"use": ""}, "请至少勾选一句"),
        ({"label": ""}, "请选一个条目"),
        ({"text-0": "  ？"}, "空的，请写一句或不勾选"),
        ({"text-0": "长" * 101}, "有 101 个字，至多 100 个"),
        ({"label": "payment/gone"}, "已不在知识库里"),
    ],
)
def test_what_cannot_be_added_comes_back_with_the_reason(
    operator: Visitor, shop: Path, given: dict[str, str], told: str
) -> None:
    said.ask(TICKET)
    group = group_of(listed(operator), TICKET)
    answer = add(operator, group, **given)
    assert answer.status_code == 422 and told in answer.text
    assert says(shop, INVOICE).similar[-1] == "怎么开发票辰问"


def test_wording_of_another_entry_is_shown_beside_and_can_be_moved_here(
    operator: Visitor, shop: Path
) -> None:
    said.ask(TICKET)
    group = group_of(listed(operator), TICKET)
    typed = {"text-0": "怎么取消订单甲问"}
    refused = add(operator, group, **typed)
    assert refused.status_code == 422
    assert "在订单详情里取消。" in refused.text and "从那里移到选中的条目" in refused.text
    assert add(operator, group, **typed, take="0").status_code == 200
    assert "怎么取消订单甲问" in says(shop, INVOICE).similar
    assert "怎么取消订单甲问" not in says(shop, "order/cancel").similar
    undo(operator)
    assert "怎么取消订单甲问" not in says(shop, INVOICE).similar
    assert "怎么取消订单甲问" in says(shop, "order/cancel").similar


def test_standard_question_of_another_entry_stays_there(operator: Visitor, shop: Path) -> None:
    said.ask(TICKET)
    group = group_of(listed(operator), TICKET)
    answer = add(operator, group, **{"text-0": "怎么取消订单"}, take="0")
    assert answer.status_code == 422 and "是另一个条目的标准问题" in answer.text
    assert says(shop, "order/cancel").question == "怎么取消订单"


def test_new_entry_begins_with_the_words_of_the_agent(operator: Visitor, shop: Path) -> None:
    two_groups()
    group = group_of(listed(operator), ENGRAVE)
    form = operator.get(f"{PAGE}/new", params={**MONTH, "group": group}).text
    assert f'value="{ENGRAVE}"' in form and "可以免费刻字，下单时备注内容即可。</textarea>" in form
    given = {"category": "order", "question": ENGRAVE, "similar": "可以刻名字吗\n能刻字不"}
    page = operator.submits(
        f"{PAGE}/new", group=group, answer="可以免费刻字，下单时备注即可。", **given, **MONTH
    )
    assert page.url.path == PAGE and "已新建条目「手表能不能刻字」" in page.text
    assert f"g-{group}" not in listed(operator)
    made = acts.acts()[0]
    assert says(shop, made.label).similar == ("可以刻名字吗", "能刻字不")
    undo(operator, "page")
    assert f"g-{group}" in listed(operator)


def test_new_entry_with_mistakes_comes_back_filled_in(operator: Visitor) -> None:
    two_groups()
    group = group_of(listed(operator), ENGRAVE)
    given = {"category": "order", "question": "怎么开发票", "similar": "刻字"}
    page = operator.submits(f"{PAGE}/new", group=group, answer="长" * 101, **given, **MONTH)
    assert page.status_code == 422
    assert "至多 100 个" in page.text and "同一问法只能属于一个条目" in page.text
    assert 'value="怎么开发票"' in page.text and "刻字</textarea>" in page.text
    assert acts.acts() == ()


def test_dismissed_group_stays_away_until_it_is_brought_back(operator: Visitor) -> None:
    two_groups()
    group = group_of(listed(operator), ENGRAVE)
    assert f"以后不再显示「{ENGRAVE}」" in act(operator, "dismiss", group).text
    assert f"g-{group}" not in listed(operator)
    undo(operator)
    assert f"g-{group}" in listed(operator)


def test_undo_is_refused_where_the_entry_was_changed_since(operator: Visitor, shop: Path) -> None:
    two_groups()
    group = group_of(listed(operator), TICKET)
    add(operator, group)
    in_git(shop, "payment", f"      - {TICKET}\n", "      - 别的问法\n")
    answer = undo(operator)
    assert answer.status_code == 409 and "之后又改过，不能撤销" in answer.text
    assert acts.acts()[0].undone_by is None


def test_only_groups_of_a_reason_are_shown(operator: Visitor) -> None:
    two_groups()
    page = listed(operator, reason="to_person")
    assert ENGRAVE in page and TICKET not in page


def test_days_that_make_no_period_are_said_to_be_wrong(operator: Visitor) -> None:
    two_groups()
    for days, told in (
        ({"from": "2026-11-09", "to": "2026-11-02"}, "早于开始日期"),
        ({"from": "昨天"}, "请选开始和结束日期"),
    ):
        assert told in listed(operator, **{"period": "own", **days})


def test_entries_are_found_by_a_word_of_theirs(operator: Visitor) -> None:
    found = operator.get(f"{PAGE}/entries", params={"q": "取消", "name": "label"}).text
    assert "怎么取消订单" in found and 'value="order/cancel"' in found
    nothing = operator.get(f"{PAGE}/entries", params={"q": "火星"}).text
    assert "没有找到「火星」" in nothing


def test_html_of_customers_stays_text(operator: Visitor) -> None:
    said.ask('<img src=x onerror="alert(1)">怎么回事')
    page = listed(operator)
    assert "<img" not in page and "&lt;img" in page


def test_files_that_cannot_be_read_have_a_page_that_says_so(operator: Visitor, shop: Path) -> None:
    in_git(shop, "payment", "entries:", "entries: 3\nx:")
    assert operator.get(PAGE).status_code == 503


@pytest.mark.parametrize("path", ["", "/mixups", "/done", "/entries", "/new"])
def test_agents_have_no_right_here(app: Starlette, path: str) -> None:
    with Visitor(app) as agent:
        agent.becomes("wang", "小王", "agent")
        assert agent.get(f"{PAGE}{path}").status_code == 403
        assert agent.submits(f"{PAGE}/dismiss", group="x").status_code == 403
        assert agent.get("/review").status_code == 403
        assert "改进" not in agent.get("/me").text
