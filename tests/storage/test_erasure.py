"""Erasing a customer: no trace in any table, and others untouched."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Integer, LargeBinary, Table, func, insert, select

from kefu.storage import messages
from kefu.storage.conversations import remember
from kefu.storage.encryption import EncryptedBytes, EncryptedText
from kefu.storage.engine import reading, writing
from kefu.storage.erasure import ERASED, erase, erase_remains
from kefu.storage.tables import access_log, conversations, handoffs, metadata, reviews, turns

pytestmark = pytest.mark.usefixtures("database")

GONE, STAYS = "conversation_of_who_goes", "conversation_of_who_stays"
# Columns that name a conversation, whatever the table calls them.
NAMES = ("conversation", "sender", "open_key")
# Tables of the people at the desk: nothing in them is a customer's.
OF_STAFF = {"staff", "staff_sessions", "quick_replies", "reports"}
# Tables in which nothing belongs to one customer.
OF_NOBODY = {"leases", "wechat_tokens", "troubles", "alerts", *OF_STAFF}

# What is kept without saying whose it was.
FIGURES = (turns, reviews, access_log)


def owners(table: Table) -> list[Column[Any]]:
    """Return the columns that say whose a row is."""
    if table is conversations:
        return [table.c.id]
    return [table.c[name] for name in NAMES if name in table.c]


def value(column: Column[Any], whose: str, number: int) -> Any:
    """Return something for a column; texts name the customer, so that they can be found."""
    if column in owners(column.table):
        return whose
    if isinstance(column.type, Integer):
        return number
    if isinstance(column.type, (EncryptedBytes, LargeBinary)):
        return whose.encode()
    if isinstance(column.type, EncryptedText):
        return whose
    python_type = column.type.python_type
    return whose[: column.type.length] if python_type is str else python_type(number)


def fill(whose: str, number: int) -> None:
    """Put one row of the customer's into every table."""
    with writing() as connection:
        for table in metadata.sorted_tables:
            if table.name not in OF_NOBODY:
                row = {column.name: value(column, whose, number) for column in table.columns}
                connection.execute(insert(table).values(row))


def count(table: Table, whose: str) -> int:
    (column, *_) = owners(table)
    query = select(func.count()).select_from(table).where(column == whose)
    with reading() as connection:
        return int(connection.execute(query).scalar_one())


def test_it_is_known_of_every_table_whose_its_rows_are() -> None:
    unknown = {table.name for table in metadata.sorted_tables if not owners(table)}
    assert unknown == OF_NOBODY


def test_no_table_keeps_a_trace_of_who_was_erased() -> None:
    fill(GONE, 1)
    fill(STAYS, 2)
    erase(GONE)
    with reading() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                kept = {} if table in FIGURES else dict(row._mapping)
                assert GONE not in kept.values(), table.name
                assert GONE.encode() not in kept.values(), table.name


def test_others_keep_everything() -> None:
    fill(GONE, 1)
    fill(STAYS, 2)
    erase(GONE)
    kept = {table.name for table in metadata.sorted_tables if owners(table) and count(table, STAYS)}
    assert kept == {table.name for table in metadata.sorted_tables} - OF_NOBODY


def test_the_figures_keep_the_turns_without_saying_whose_they_were() -> None:
    fill(GONE, 1)
    erase(GONE)
    with reading() as connection:
        (turn,) = connection.execute(select(turns)).all()
    assert (turn.id, turn.conversation, turn.started_at) == (1, ERASED, 1.0)


def test_what_reviewers_thought_stays_without_saying_of_whose_question() -> None:
    fill(GONE, 1)
    erase(GONE)
    with reading() as connection:
        (review,) = connection.execute(select(reviews)).all()
    assert (review.turn, review.conversation) == (1, ERASED)


def test_the_access_log_keeps_who_looked_without_saying_at_whom() -> None:
    fill(GONE, 1)
    erase(GONE)
    with reading() as connection:
        (entry,) = connection.execute(select(access_log)).all()
    assert (entry.id, entry.conversation) == (1, ERASED)


def test_erasing_again_or_a_stranger_changes_nothing() -> None:
    fill(STAYS, 2)
    erase("a stranger")
    erase("a stranger")
    assert count(conversations, STAYS) == 1


def test_an_erased_customer_can_come_back_as_a_new_one() -> None:
    conversation = remember("wechat:shop", "o_1", 1.0, page="order")
    messages.record(conversation, "customer", "text", "在吗", "m1", 1.0)
    erase(conversation)
    assert remember("wechat:shop", "o_1", 2.0) == conversation
    assert not messages.record(conversation, "customer", "text", "在吗", "m1", 2.0).repeat
    assert len(messages.transcript(conversation)) == 1


def test_what_a_running_turn_leaves_is_erased_later() -> None:
    conversation = remember("wechat:shop", "o_1", 1.0)
    erase(conversation)
    messages.add_reply(conversation, "bot", '{"text": "您的订单"}', 1, 2.0)
    erase_remains(conversation)
    assert messages.transcript(conversation) == []


def test_who_has_come_back_meanwhile_is_not_erased() -> None:
    conversation = remember("wechat:shop", "o_1", 1.0)
    erase(conversation)
    remember("wechat:shop", "o_1", 2.0)
    messages.record(conversation, "customer", "text", "我又来了", "m2", 2.0)
    erase_remains(conversation)
    assert [line.text for line in messages.transcript(conversation)] == ["我又来了"]


def test_an_open_request_for_a_person_is_withdrawn() -> None:
    fill(GONE, 1)
    erase(GONE)
    assert count(handoffs, GONE) == 0


def test_number_of_an_erased_message_is_never_given_out_again() -> None:
    first = messages.record("c_gone", "customer", "text", "你好", "m1", 1.0)
    erase("c_gone")
    assert messages.record("c_new", "customer", "text", "你好", "m1", 2.0).id > first.id
