"""Customers whom the people of WeChat's own desk take over."""

from __future__ import annotations

from pathlib import Path

import pytest

from kefu.channels.wechat.accounts import accounts
from kefu.environment import environment
from kefu.handoff.other_desks import channels_of_other_desks, of_other_desks
from kefu.storage.conversations import Visit, note
from kefu.storage.engine import writing

CREDENTIALS = """
kefu.channels.wechat.connector.WechatChannel:
  accounts:
    ours: {kind: miniprogram}
    theirs: {kind: miniprogram, desk: wechat}
    plain:
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("KEFU_HOME", str(home))
    environment.cache_clear()
    return home


@pytest.mark.usefixtures("database")
def test_only_customers_of_accounts_with_wechats_desk_are_theirs(home: Path) -> None:
    (home / "credentials.yml").write_text(CREDENTIALS, "utf-8")
    with writing() as connection:
        for name in ("ours", "theirs", "plain"):
            note(connection, f"c-{name}", Visit(f"wechat:{name}", "o_customer"), 1.0)
        note(connection, "c-rest", Visit("rest:miniprogram", "o_customer"), 1.0)
    asked = ["c-ours", "c-theirs", "c-plain", "c-rest", "c-unknown"]
    assert of_other_desks(asked) == {"c-theirs"}
    # The channel itself reads the file alike.
    assert channels_of_other_desks() == {a.channel for a in accounts() if a.desk == "wechat"}


@pytest.mark.parametrize("content", ["rest:\n", "", CREDENTIALS.replace("desk: wechat", "")])
def test_nobody_is_theirs_without_such_an_account(
    home: Path, fresh_home: Path, content: str
) -> None:
    (home / "credentials.yml").write_text(content, "utf-8")
    assert channels_of_other_desks() == frozenset()
    assert of_other_desks(["c-ours"]) == set()
