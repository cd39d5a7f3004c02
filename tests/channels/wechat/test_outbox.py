"""The outbox: claimed once, sent in order, counted, and nothing lost without a trace."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from kefu.channels.wechat import dead_letters, outbox
from kefu.channels.wechat.arrivals import Arrival
from kefu.channels.wechat.intake import take_in
from kefu.metrics.deliveries import Deliveries, deliveries
from kefu.storage import messages
from kefu.storage.engine import reading, writing
from kefu.storage.leases import Lease
from kefu.storage.notes import notes_of
from kefu.storage.tables import leases
from kefu.storage.tables import messages as messages_table
from tests.channels.wechat.made import (
    MINIPROGRAM,
    OFFICIAL,
    agent,
    claim,
    claimed,
    content,
    conversation,
    left,
    reply,
    rows,
    states,
    write,
)

pytestmark = pytest.mark.usefixtures("database")

NOW = 1000.0
TWO_DAYS = 48 * 3600.0


# The way of a message


def test_a_message_is_claimed_and_sent(lease: Lease) -> None:
    turn = write()
    (message,) = reply(turn, "您好")
    send = claimed(lease)
    assert (send.message, send.author, send.attempts) == (message, "bot", 1)
    assert (send.conversation, send.channel) == (conversation(), "wechat:shop")
    assert content(send.body) == "您好"
    assert states() == ["sending"]
    outbox.sent(send, NOW + 1)
    assert rows("state", "error", "done_at") == [("sent", None, NOW + 1)]
    assert claim(lease) is None
    assert messages.state_of(message) == "delivered"


def test_all_that_a_turn_says_is_one_send(lease: Lease) -> None:
    first, *_ = reply(write(), "您好", "订单已发货", "还有什么？")
    send = claimed(lease)
    assert (send.message, content(send.body)) == (first, "您好\n订单已发货\n还有什么？")
    outbox.sent(send, NOW)
    assert claim(lease) is None


def test_messages_go_out_in_their_order_one_at_a_time(lease: Lease) -> None:
    write()
    agent("一")
    agent("二")
    first = claimed(lease)
    agent("三")
    assert claim(lease) is None
    outbox.sent(first, NOW)
    second = outbox.sent_and_next(first, MINIPROGRAM, lease, NOW)
    assert second is not None
    third = outbox.sent_and_next(second, MINIPROGRAM, lease, NOW)
    assert third is not None
    assert [content(send.body) for send in (first, second, third)] == ["一", "二", "三"]
    assert outbox.sent_and_next(third, MINIPROGRAM, lease, NOW) is None
    assert states() == ["sent"] * 3


def test_a_later_message_never_overtakes_one_that_waits(lease: Lease) -> None:
    write()
    agent("一")
    outbox.put_off(claimed(lease), "忙", -1, NOW + 10)
    agent("二")
    assert claim(lease, NOW + 9) is None
    first = claimed(lease, NOW + 10)
    assert (content(first.body), first.attempts) == ("一", 2)
    outbox.sent(first, NOW + 10)
    assert content(claimed(lease, NOW + 10).body) == "二"


def test_what_waits_is_due_and_nothing_else(lease: Lease) -> None:
    write()
    messages.add_reply("of another channel", "bot", "{}", None, NOW)
    assert outbox.due(NOW) == []
    agent("一")
    agent("二")
    assert outbox.due(NOW) == [conversation()]
    send = claimed(lease)
    assert outbox.due(NOW) == []
    outbox.put_off(send, "忙", -1, NOW + 10)
    assert outbox.due(NOW + 9) == []
    assert outbox.due(NOW + 10) == [conversation()]


def test_the_customer_of_a_conversation_is_known() -> None:
    write()
    assert outbox.channel_and_customer(conversation()) == ("wechat:shop", "o_customer")
    assert outbox.channel_and_customer("nobody") is None


def test_another_body_takes_the_place_of_one_that_cannot_be_sent(lease: Lease) -> None:
    write()
    agent("菜单")
    send = claimed(lease)
    outbox.change_body(send, {"msgtype": "text", "text": {"content": "文字"}})
    outbox.put_off(send, "没有菜单", 40200, NOW)
    assert content(claimed(lease).body) == "文字"


def test_options_go_along_with_their_message(lease: Lease) -> None:
    turn = write(account=OFFICIAL)
    reply(turn, "请问：", account=OFFICIAL, buttons=[{"title": "查物流", "payload": "查物流"}])
    send = claim(lease, account=OFFICIAL)
    assert send is not None
    assert [option.title for option in send.options] == ["查物流"]


def test_words_are_encrypted_in_the_outbox(lease: Lease) -> None:
    write()
    agent("秘密的话")
    claimed(lease)
    with reading() as connection:
        raw = connection.execute(text("SELECT body FROM sends")).scalar_one()
    assert "秘密".encode() not in bytes(raw)


# Who may send


def test_without_the_lease_nothing_is_claimed() -> None:
    write()
    agent("一")
    assert claim(Lease("wechat_outbox")) is None
    assert states() == []


def test_who_has_lost_the_lease_claims_nothing(lease: Lease) -> None:
    write()
    agent("一")
    other = Lease("wechat_outbox")
    assert other.hold(NOW + 100)
    assert claim(lease, NOW + 100) is None
    assert claim(other, NOW + 100) is not None


def test_who_has_given_the_lease_up_claims_nothing(lease: Lease) -> None:
    write()
    agent("一")
    lease.give_up()
    assert claim(lease) is None


def test_the_lease_cannot_be_lost_while_a_message_is_claimed(database: str, lease: Lease) -> None:
    if database == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    with writing() as claiming:
        assert lease.is_held(claiming)
        with pytest.raises(OperationalError), writing() as taking:
            taking.execute(text("SET LOCAL lock_timeout = '100ms'"))
            taking.execute(update(leases).values(owner="another"))


def test_customers_do_not_wait_for_each_other(lease: Lease) -> None:
    openids = [f"o_{number}" for number in range(6)]
    for openid in openids:
        take_in(MINIPROGRAM, openid, Arrival("text", "在吗", trigger="message"), "m1", NOW)
        for words in "一二三":
            messages.add_reply(conversation(openid=openid), "agent", words, None, NOW)

    def send_all(openid: str) -> str:
        send = outbox.next_send(conversation(openid=openid), MINIPROGRAM, lease, NOW)
        words = ""
        while send is not None:
            words += content(send.body)
            send = outbox.sent_and_next(send, MINIPROGRAM, lease, NOW)
        return words

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(send_all, openids)) == ["一二三"] * 6
    assert states() == ["sent"] * 18


# What becomes of it


def test_a_message_that_is_put_off_costs_nothing(lease: Lease) -> None:
    write()
    agent("一")
    send = claimed(lease)
    assert left() == 4
    outbox.put_off(send, "忙" * 300, -1, NOW + 5)
    assert left() == 5
    assert rows("state", "error", "error_code", "next_at") == [("pending", "忙" * 200, -1, NOW + 5)]


def test_a_definite_refusal_is_a_dead_letter_that_costs_nothing(lease: Lease) -> None:
    write()
    message = agent("一")
    outbox.bury(claimed(lease), "顾客拒收", 48002, NOW + 1, False)
    assert left() == 5
    (letter,) = dead_letters.dead_letters()
    assert (letter.message, letter.error, letter.error_code) == (message, "顾客拒收", 48002)
    assert (letter.attempts, letter.done_at, letter.author) == (1, NOW + 1, "agent")
    assert notes_of([message, 999]) == {message: ["未送达：顾客拒收"]}
    assert notes_of([]) == {}


def test_a_message_whose_outcome_is_unknown_stays_counted_and_is_not_repeated(
    lease: Lease,
) -> None:
    write()
    agent("一")
    outbox.bury(claimed(lease), "没有应答", None, NOW, None)
    assert left() == 4
    assert claim(lease, NOW + TWO_DAYS) is None
    assert states() == ["dead"]


def test_a_dead_letter_lets_the_next_message_through(lease: Lease) -> None:
    write()
    agent("一")
    agent("二")
    outbox.bury(claimed(lease), "顾客拒收", 48002, NOW, False)
    assert content(claimed(lease).body) == "二"


def test_what_was_given_up_may_turn_out_to_be_sent(lease: Lease) -> None:
    write()
    agent("一")
    send = claimed(lease)
    assert outbox.bury_interrupted(NOW) == 1
    assert rows("state", "error") == [("dead", outbox.INTERRUPTED)]
    outbox.sent(send, NOW)
    assert rows("state", "error") == [("sent", None)]


def test_what_is_sent_stays_sent(lease: Lease) -> None:
    write()
    agent("一")
    send = claimed(lease)
    outbox.sent(send, NOW)
    outbox.bury(send, "没有应答", None, NOW, None)
    outbox.put_off(send, "忙", -1, NOW)
    assert outbox.bury_interrupted(NOW) == 0
    assert states() == ["sent"]


def test_what_a_process_was_sending_when_it_died_is_not_sent_again(lease: Lease) -> None:
    write()
    agent("一")
    agent("二")
    claimed(lease)
    assert claim(lease) is None
    assert outbox.bury_interrupted(NOW) == 1
    assert left() == 4
    assert content(claimed(lease).body) == "二"


def test_the_state_of_the_outbox_is_counted(lease: Lease) -> None:
    write()
    for words in ("一", "二", "三"):
        agent(words)
    outbox.sent(claimed(lease), NOW)
    outbox.bury(claimed(lease), "顾客拒收", 48002, NOW, False)
    claimed(lease)
    assert deliveries(NOW, NOW + 2) == Deliveries(waiting=1, longest=2.0, dead=1)
    assert deliveries(NOW + 1, NOW + 2).dead == 0


# Once more, or never


def test_a_dead_letter_is_sent_again_at_the_end_of_the_line(lease: Lease) -> None:
    write()
    agent("一")
    agent("二")
    dead = claimed(lease)
    outbox.bury(dead, "顾客拒收", 48002, NOW, False)
    assert dead_letters.send_again(dead.id, NOW + 1)
    assert not dead_letters.send_again(dead.id, NOW + 1)
    assert states() == ["replaced", "pending", "pending"]
    again = []
    while (send := claim(lease, NOW + 1)) is not None:
        again.append((content(send.body), send.attempts, send.message))
        outbox.sent(send, NOW + 1)
    assert again == [("二", 1, dead.message + 1), ("一", 1, dead.message)]
    assert dead_letters.dead_letters() == []
    assert notes_of([dead.message]) == {}


def test_only_dead_letters_are_sent_again(lease: Lease) -> None:
    write()
    agent("一")
    send = claimed(lease)
    assert not dead_letters.send_again(send.id, NOW)
    outbox.sent(send, NOW)
    assert not dead_letters.send_again(send.id, NOW)
    assert not dead_letters.send_again(999, NOW)


def test_two_people_who_send_the_same_again_send_it_once(lease: Lease) -> None:
    write()
    agent("一")
    dead = claimed(lease)
    outbox.bury(dead, "顾客拒收", 48002, NOW, False)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: dead_letters.send_again(dead.id, NOW), range(8)))
    assert sorted(done) == [False] * 7 + [True]
    assert sorted(states()) == ["pending", "replaced"]


def test_what_waits_for_an_account_that_is_gone_is_kept_as_dead_letters(lease: Lease) -> None:
    turn = write()
    agent("一")
    claimed(lease)
    agent("二")
    reply(turn, "您好", buttons=[{"title": "查物流", "payload": "查物流"}])
    outbox.bury_all(conversation(), outbox.UNKNOWN_ACCOUNT, NOW)
    assert outbox.due(NOW) == []
    letters = dead_letters.dead_letters()
    assert [letter.error for letter in letters] == [outbox.UNKNOWN_ACCOUNT] * 2
    assert [letter.author for letter in letters] == ["bot", "agent"]
    assert states() == ["sending", "dead", "dead"]
    assert dead_letters.send_again(letters[0].id, NOW)


def test_of_an_erased_customer_nothing_is_kept_as_a_dead_letter() -> None:
    messages.add_reply("erased meanwhile", "bot", '{"text": "您好"}', None, NOW)
    outbox.bury_all("erased meanwhile", outbox.UNKNOWN_ACCOUNT, NOW)
    assert states() == []


def test_the_newest_dead_letters_come_first(lease: Lease) -> None:
    write()
    for words in ("一", "二", "三"):
        agent(words)
        outbox.bury(claimed(lease), words, 48002, NOW, False)
    assert [letter.error for letter in dead_letters.dead_letters(limit=2)] == ["三", "二"]


def test_a_message_without_words_is_done_without_a_send(lease: Lease) -> None:
    write()
    message = agent(" \0 ")
    assert claim(lease) is None
    assert messages.state_of(message) == "delivered"
    with reading() as connection:
        waiting = select(messages_table.c.id).where(messages_table.c.state == "pending")
        assert connection.execute(waiting).all() == []
