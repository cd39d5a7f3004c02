"""Nobody is at the desk, programs are killed, the shop misbehaves: there is always an answer."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.end_to_end.installation import Installation, a_customer
from tests.end_to_end.processes import eventually, is_running
from tests.end_to_end.shown import texts

pytestmark = pytest.mark.end_to_end

APOLOGY = "抱歉，系统暂时出了点问题"
SHOP_DOWN = "订单系统暂时没有回应"
INVOICE = "申请发票"
# The breaker lets the next call through after 15 s.
RECOVERS_WITHIN = 30.0
GUARANTEED = 3.0


@pytest.fixture(autouse=True)
def healthy_shop(closed: Installation) -> Iterator[None]:
    yield
    if closed.running:
        closed.wait_healthy("shop")
        closed.shop_is("none")


def has_ticket(closed: Installation, question: str) -> bool:
    listed = closed.kefu("handoff", "list").splitlines()
    return any("留言" in line and "系统故障" in line and question[:20] in line for line in listed)


def works_again(closed: Installation) -> None:
    def found() -> bool:
        customer, order_no = closed.someone_with("shipped")
        return closed.tracking_number(order_no) in texts(closed.say(customer, f"查物流 {order_no}"))

    eventually(found, RECOVERS_WITHIN, "a look-up works again")


def test_outside_service_hours_a_message_is_left_and_the_bot_goes_on(
    closed: Installation,
) -> None:
    customer = a_customer()
    assert "请直接留言" in texts(closed.say(customer, "转人工"))
    assert INVOICE in texts(closed.say(customer, "怎么开发票"))
    assert "留言" in closed.kefu("handoff", "list")


def test_times_are_the_shops_wherever_the_server_stands(closed: Installation) -> None:
    customer, order_no = closed.someone_with("paid")
    answer = texts(closed.say(customer, f"订单{order_no}什么情况"))
    assert f"下单时间：{closed.ordered_at(order_no):%Y-%m-%d %H:%M}" in answer


@pytest.mark.parametrize("fault", ["slow", "nonsense", "fail"])
def test_shop_that_misbehaves(closed: Installation, fault: str) -> None:
    closed.shop_is(fault, seconds=20)
    customer, order_no = closed.someone_with("shipped")
    question = f"查物流 {order_no}"
    started = time.monotonic()
    answer = texts(closed.say(customer, question))
    assert time.monotonic() - started < GUARANTEED
    assert SHOP_DOWN in answer and "请直接留言" in answer
    assert has_ticket(closed, question)
    assert INVOICE in texts(closed.say(customer, "怎么开发票"))


def test_killed_shop_is_apologised_for_and_comes_back(closed: Installation) -> None:
    customer, order_no = closed.someone_with("shipped")
    closed.kill("shop")
    assert SHOP_DOWN in texts(closed.say(customer, f"查物流 {order_no}"))
    assert INVOICE in texts(closed.say(customer, "怎么开发票"))
    closed.wait_healthy("shop")
    works_again(closed)


def test_killed_action_server_is_apologised_for_and_comes_back(closed: Installation) -> None:
    customer, order_no = closed.someone_with("shipped")
    question = f"查物流 {order_no}"
    assert closed.recorded(customer) == 0
    closed.shop_is("slow", seconds=1)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(closed.say, customer, question)
        eventually(lambda: closed.recorded(customer), 3, "the look-up runs")
        closed.kill("actions")
        assert APOLOGY in texts(answer.result())
    closed.shop_is("none")
    assert has_ticket(closed, question)
    assert INVOICE in texts(closed.say(a_customer(), "怎么开发票"))
    closed.wait_healthy("actions")
    assert closed.tracking_number(order_no) in texts(closed.say(customer, question))


def test_message_survives_the_death_of_rasa(closed: Installation) -> None:
    customer, order_no = closed.someone_with("shipped")
    question = f"查物流 {order_no}"
    assert closed.recorded(customer) == 0
    closed.shop_is("slow", seconds=1)
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(closed.post, closed.body(customer, question, message_id="m-1"))
        eventually(lambda: closed.recorded(customer), 3, "the turn runs")
        closed.kill("rasa")
        with pytest.raises(requests.ConnectionError):
            lost.result()
    closed.shop_is("none")
    closed.wait_healthy("rasa")
    (reply,) = closed.say(customer, question, message_id="m-1")
    assert closed.tracking_number(order_no) in reply["text"]
    assert closed.waiting(customer) == []
    assert (closed.recorded(customer), closed.turns(customer)) == (1, 1)


def test_failures_leave_nothing_readable_in_logs_and_database(closed: Installation) -> None:
    assert closed.leaks() == []


def test_ctrl_c_leaves_no_process(closed: Installation) -> None:
    pids = closed.pids()
    assert all(pids.values())
    daemon = int((closed.var / "run" / "supervisord.pid").read_text())
    assert os.getpgid(daemon) == daemon
    assert closed.stop() == 0
    eventually(lambda: not any(map(is_running, [*pids.values(), daemon])), 3, "all are gone")
