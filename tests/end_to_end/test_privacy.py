"""Nothing readable of a customer stays in a log or in the database's files."""

from __future__ import annotations

import pytest

from tests.end_to_end.installation import Installation, a_customer

pytestmark = pytest.mark.end_to_end


def test_neither_logs_nor_database_show_customers(kefu: Installation) -> None:
    customer, order_no = kefu.someone_with("shipped")
    kefu.secrets |= {"13800138000", "望京街道"}
    kefu.say(customer, f"订单{order_no}改送望京街道，电话13800138000")
    kefu.say(customer, "转人工，我的电话是13800138000")
    kefu.say(a_customer(), "我的电话是13800138000", type="voice")
    logs = kefu.logs()
    assert {"rasa.log", "actions.log", "shop.log"} <= set(logs)
    assert "turn" in logs["rasa.log"] and kefu.turns(customer) == 2
    assert kefu.leaks() == []


def test_database_and_secrets_are_for_the_owner_alone(kefu: Installation) -> None:
    assert (kefu.var / "secrets.json").stat().st_mode & 0o077 == 0
    assert kefu.var.stat().st_mode & 0o077 == 0
