"""What docs/wechat.md and docs/wechat_double.md list is complete, and their examples hold."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from typing import get_args

import pytest
import yaml

from kefu.channels.wechat import cipher, outbox, pushes, sender, signature
from kefu.channels.wechat.accounts import (
    SECTION,
    Account,
    AccountKind,
    Desk,
    Format,
    Mode,
    accounts_of,
)
from kefu.channels.wechat.entry_page import entry_page
from kefu.channels.wechat.errors import MEANINGS
from kefu.channels.wechat.pushes import MAX_BODY
from kefu.channels.wechat.windows import LIMITS
from kefu.environment import WECHAT_FIELDS
from kefu.wechat_double.switches import Switches
from tests.model import PROJECT

PAGE = (PROJECT / "docs/wechat.md").read_text(encoding="utf-8")
DOUBLE = (PROJECT / "docs/wechat_double.md").read_text(encoding="utf-8")
# Of an account, what credentials.yml does not hold.
NOT_OPTIONS = {"name", "appid", "secret", "token", "aes_key", "api_url", "typing_path", "demo"}
ROW = re.compile(r"^\| (.+) \|$", re.MULTILINE)


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the first table below a line that contains `heading`."""
    table = PAGE[PAGE.index(heading) :].split("\n\n")
    found = next(part for part in table if part.lstrip().startswith("|"))
    cells = [re.split(r"(?<!\\) ?\| ?", row) for row in ROW.findall(found)]
    return [[cell.replace("\\|", "|") for cell in row] for row in cells[1:]]


def test_every_error_code_is_explained() -> None:
    explained = {row[0] for row in rows("## 出现错误码怎么办")}
    assert [code for code in MEANINGS if str(code) not in explained] == []


def test_no_error_code_is_explained_that_is_not_known() -> None:
    explained = {int(row[0]) for row in rows("## 出现错误码怎么办")}
    assert explained - set(MEANINGS) == set()


def test_every_option_of_an_account_is_documented() -> None:
    options = {field.name for field in fields(Account)} - NOT_OPTIONS
    assert {row[0] for row in rows("## credentials.yml\n")} == {f"`{name}`" for name in options}


@pytest.mark.parametrize(
    ("option", "values"),
    [("kind", AccountKind), ("mode", Mode), ("format", Format), ("desk", Desk)],
)
def test_every_value_of_an_option_is_documented(option: str, values: object) -> None:
    (described,) = [row[2] for row in rows("## credentials.yml\n") if row[0] == f"`{option}`"]
    assert [value for value in get_args(values) if f"`{value}`" not in described] == []


def test_every_variable_of_an_account_is_documented() -> None:
    documented = {row[0] for row in rows("### 环境变量")}
    assert documented == {f"`KEFU_WECHAT_<账号>_{field}`" for field in WECHAT_FIELDS}


def test_every_reason_to_refuse_a_push_is_explained() -> None:
    source = "".join(inspect.getsource(module) for module in (pushes, cipher, signature))
    reasons = set(re.findall(r'(?:PushRefused|super\(\).__init__)\("(\w+)"\)', source))
    assert {row[0].strip("`") for row in rows("## 推送被拒绝")} == reasons


def test_every_cause_of_a_dead_letter_is_explained() -> None:
    explained = "\n".join(row[0] for row in rows("## 死信的原因"))
    of_outbox = (outbox.INTERRUPTED, outbox.TOO_MANY, outbox.UNKNOWN_ACCOUNT)
    causes = (*of_outbox, sender.REFUSED, sender.BROKEN)
    assert [cause for cause in causes if cause not in explained] == []
    assert f"试了 {sender.MOST_ATTEMPTS} 次都没有成功" in explained


def test_quotas_are_those_that_are_kept() -> None:
    spans = {"48 小时": 48 * 3600.0, "1 分钟": 60.0}
    told = [(int(row[1].split()[0]), spans[row[2]]) for row in rows("## 条数的限制")]
    assert told == [
        LIMITS[trigger] for trigger in ("message", "enter", "menu", "subscribe", "scan")
    ]


def test_ways_to_write_session_from_are_read_as_told() -> None:
    for written, page, order in rows("| `session-from` 的写法"):
        read = entry_page(written.strip("`"), ["product", "order", "member"])
        assert read.page == page.strip("`"), written
        assert read.order_no == (None if order == "—" else order.strip("`")), written


def test_example_of_credentials_is_read() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    names = [account.name for account in accounts_of(yaml.safe_load(example)[SECTION])]
    assert names == ["miniprogram", "official"]


def test_nginx_lets_through_as_much_as_is_read() -> None:
    assert f"client_max_body_size {MAX_BODY // 1024}k;" in PAGE


def test_every_switch_of_the_double_is_documented_as_it_describes_itself() -> None:
    described = Switches().described()
    missing = [
        name
        for name, switch in described.items()
        if not re.search(
            rf"^\| `{name}` \| .+ \| {re.escape(switch['description'])} \|$", DOUBLE, re.M
        )
    ]
    assert missing == []
