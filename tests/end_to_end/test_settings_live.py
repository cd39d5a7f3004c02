"""A change of the settings reaches customers of a running installation, without a restart."""

from __future__ import annotations

import pytest
import yaml

from tests.end_to_end.installation import Installation, a_customer
from tests.end_to_end.processes import eventually
from tests.end_to_end.shown import texts

pytestmark = pytest.mark.end_to_end


def test_a_changed_welcome_and_terms_are_told_at_once(kefu: Installation) -> None:
    file = kefu.home / "settings.yml"
    before = file.read_text("utf-8")
    changed = yaml.safe_load(before)
    changed["welcome"]["text"] = "欢迎光临{shop_name}！"
    changed["terms"]["first_contact"] = "继续咨询即表示你同意《{title}》。"
    changed["handoff"]["keywords"] = ["召唤神龙"]
    try:
        file.write_text(yaml.safe_dump(changed, allow_unicode=True), "utf-8")
        eventually(
            lambda: "欢迎光临示例商城！" in texts(kefu.say(a_customer(), "你好")),
            10.0,
            "the new welcome",
        )
        customer = a_customer()
        first = texts(kefu.say(customer, "召唤神龙"))
        assert "正在为你转接人工客服" in first
        assert first.count("继续咨询即表示你同意《客服服务条款》。") == 1
        kefu.say(customer, "取消排队")
        assert "继续咨询" not in texts(kefu.say(customer, "怎么开发票"))
        asked = texts(kefu.say(customer, "请问在线客服的服务协议在哪里看"))
        assert "《客服服务条款》" in asked and "一、我们是谁" in asked
        file.write_text("welcome: [", "utf-8")
        assert "申请发票" in texts(kefu.say(customer, "怎么开发票呢"))
    finally:
        file.write_text(before, "utf-8")
    eventually(
        lambda: "欢迎光临" not in texts(kefu.say(a_customer(), "你好")), 10.0, "the former welcome"
    )
