"""Accounts of credentials.yml with what the environment says of them; each mistake named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from kefu.channels.wechat import accounts as module
from kefu.channels.wechat.accounts import (
    SECTION,
    AccountProblem,
    accounts,
    accounts_of,
    demo_accounts,
    has_section,
)
from kefu.channels.wechat.cipher import PushCipher
from kefu.environment import EnvironmentProblem, environment, reachable, read_environment
from tests.model import PROJECT

APPID = "wx1234567890abcdef"
KEY = "aB3" * 14 + "x"

pytestmark = pytest.mark.usefixtures("project")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use the project's files, and secrets of the test's own."""
    monkeypatch.setenv("KEFU_HOME", str(PROJECT))
    monkeypatch.setenv("KEFU_VAR", str(tmp_path / "var"))
    environment.cache_clear()
    yield
    environment.cache_clear()


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Give the account `shop` an AppID and its secrets in the environment."""
    values = {"APPID": APPID, "SECRET": "the-secret", "TOKEN": "the-token", "AES_KEY": KEY}
    for name, value in values.items():
        monkeypatch.setenv(f"KEFU_WECHAT_SHOP_{name}", value)
    return values


def read(options: Mapping[str, Any] | None = None, **more: Any) -> list[module.Account]:
    return accounts_of({"accounts": {"shop": options, **more}})


def problem(given: Any) -> str:
    with pytest.raises(AccountProblem) as raised:
        accounts_of(given)
    return str(raised.value)


# What is read


def test_an_account_takes_its_secrets_from_the_environment(own: dict[str, str]) -> None:
    (account,) = read({"kind": "official", "mode": "compatible", "format": "xml"})
    assert (account.appid, account.secret, account.token, account.aes_key) == (*own.values(),)
    assert (account.kind, account.mode, account.format) == ("official", "compatible", "xml")
    assert (account.name, account.channel, account.demo) == ("shop", "wechat:shop", False)
    assert account.api_url == "https://api.weixin.qq.com"


def test_blanks_around_what_was_copied_do_no_harm(
    own: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_WECHAT_SHOP_TOKEN", " the-token\n")
    assert read()[0].token == "the-token"


def test_what_nobody_chose_is_a_miniprogram_in_safe_mode(own: dict[str, str]) -> None:
    (account,) = read()
    assert (account.kind, account.mode, account.format) == ("miniprogram", "safe", "auto")
    assert (account.desk, account.msgmenu, account.content_check) == ("kefu", False, True)


def test_kinds_differ_in_menus_and_in_the_typing_line() -> None:
    miniprogram, official = read({"kind": "miniprogram"}, b={"kind": "official"})
    assert (miniprogram.msgmenu, official.msgmenu) == (False, True)
    assert miniprogram.typing_path != official.typing_path
    (silent,) = read({"kind": "official", "msgmenu": False})
    assert not silent.msgmenu


def test_the_environment_wins_over_the_file(
    own: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_WECHAT_SHOP_MODE", "Plain")
    monkeypatch.setenv("KEFU_WECHAT_SHOP_FORMAT", "json")
    (account,) = read({"mode": "safe", "format": "xml"})
    assert (account.mode, account.format) == ("plain", "json")


def test_plain_mode_needs_no_key(own: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEFU_WECHAT_SHOP_AES_KEY")
    assert read({"mode": "plain"})[0].aes_key == ""


def test_menu_keys_may_be_numbers() -> None:
    assert read({"menu": {1: "查物流", "HUMAN": "转人工"}})[0].menu == {
        "1": "查物流",
        "HUMAN": "转人工",
    }


# The double's accounts


def test_without_an_appid_an_account_belongs_to_the_double() -> None:
    (account,) = read()
    assert account.demo
    assert account.api_url == environment().wechat_double_url
    assert account.appid.startswith("wx")


def test_the_doubles_secrets_stay_the_same_and_differ_between_accounts() -> None:
    first, second = read({}, b={})
    assert read({}, b={}) == [first, second]
    for name in ("appid", "secret", "token", "aes_key"):
        assert getattr(first, name) != getattr(second, name)
        assert getattr(first, name).isalnum()
    cipher = PushCipher(first.aes_key, first.appid)
    assert cipher.decrypt(cipher.encrypt("在吗")) == "在吗"


def test_an_appid_of_ones_own_makes_the_doubles_accounts_vanish(own: dict[str, str]) -> None:
    known = read({}, b={"kind": "official"})
    assert [account.name for account in known] == ["shop"]


def test_secrets_are_never_shown(own: dict[str, str]) -> None:
    shown = repr(read())
    assert APPID in shown
    assert not any(value in shown for value in ("the-secret", "the-token", KEY))


# The files


def home(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "credentials.yml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("KEFU_HOME", str(folder))
    environment.cache_clear()


def test_the_projects_file_opens_both_kinds_with_the_double() -> None:
    assert {account.kind for account in demo_accounts()} == {"miniprogram", "official"}
    assert has_section(environment().home)


def test_the_accounts_of_the_file_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own: dict[str, str]
) -> None:
    home(monkeypatch, tmp_path / "home", f"{SECTION}:\n  accounts:\n    shop: {{mode: plain}}\n")
    (account,) = accounts()
    assert (account.name, account.mode) == ("shop", "plain")
    assert demo_accounts() == []


@pytest.mark.parametrize("text", ["", "rest:\n", f"{SECTION}:\n", f"{SECTION}: []\n", "[]\n"])
def test_a_file_without_accounts_says_what_to_write(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    home(monkeypatch, tmp_path / "home", text)
    assert has_section(tmp_path / "home") == (SECTION in text)
    with pytest.raises(AccountProblem, match="WechatChannel 需要 accounts，例如"):
        accounts()


# Mistakes


@pytest.mark.parametrize("given", [None, {}, {"accounts": None}, {"accounts": []}])
def test_no_accounts(given: Any) -> None:
    assert "需要 accounts，例如" in problem(given)


@pytest.mark.parametrize("name", ["my-shop", "1shop", "", "小店", "a b", "a/b", 7, None, "a" * 41])
def test_a_name_that_cannot_be_part_of_an_address(name: Any) -> None:
    said = problem({"accounts": {name: {}}})
    assert f"「{name}」应由字母、数字和下划线组成" in said
    assert "至多 40 个字符" in said


def test_names_that_the_environment_cannot_tell_apart() -> None:
    said = problem({"accounts": {"Shop": {}, "shop": {}}})
    assert "「Shop」和「shop」只差大小写" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("miniprogram", "shop 应写成 {kind: miniprogram, mode: safe}"),
        ([], "shop 应写成 {kind: miniprogram, mode: safe}"),
        ({"appid": APPID}, "shop 没有「appid」这一项，请删去"),
        ({"kind": "公众号"}, "shop 的 kind 应为 miniprogram、official 之一"),
        ({"mode": "aes"}, "shop 的 mode 应为 plain、compatible、safe 之一"),
        ({"mode": ["safe"]}, "shop 的 mode 应为 plain、compatible、safe 之一"),
        ({"format": None}, "shop 的 format 应为 auto、json、xml 之一"),
        ({"desk": "none"}, "shop 的 desk 应为 kefu、wechat 之一"),
        ({"msgmenu": "yes"}, "shop 的 msgmenu 应为 true 或 false"),
        ({"content_check": 1}, "shop 的 content_check 应为 true 或 false"),
        ({"menu": ["查物流"]}, "shop 的 menu 应写成「菜单 KEY: 顾客说的话」"),
        ({"menu": {"A": 1}}, "shop 的 menu 应写成「菜单 KEY: 顾客说的话」"),
        ({"menu": {"A": ""}}, "shop 的 menu 应写成「菜单 KEY: 顾客说的话」"),
    ],
)
def test_an_option_that_cannot_be(options: Any, said: str) -> None:
    assert said in problem({"accounts": {"shop": options}})


def test_a_wrong_mode_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_WECHAT_SHOP_MODE", "安全")
    assert "shop 的 mode 应为 plain、compatible、safe 之一" in problem({"accounts": {"shop": {}}})


@pytest.mark.parametrize("name", ["SECRET", "TOKEN", "AES_KEY", "APPID"])
def test_a_variable_that_is_missing_beside_the_others(
    own: dict[str, str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(f"KEFU_WECHAT_SHOP_{name}")
    said = problem({"accounts": {"shop": {}}})
    assert said == f"账号 shop 缺少环境变量 KEFU_WECHAT_SHOP_{name}，见 docs/wechat.md"


def test_all_variables_that_are_missing_are_named_at_once(
    own: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KEFU_WECHAT_SHOP_SECRET")
    monkeypatch.setenv("KEFU_WECHAT_SHOP_TOKEN", "")
    said = problem({"accounts": {"shop": {}}})
    assert "KEFU_WECHAT_SHOP_SECRET、KEFU_WECHAT_SHOP_TOKEN，" in said


@pytest.mark.parametrize("key", ["short", KEY + "x", KEY[:-1], "=" * 43, "键" * 43, KEY[:-1] + "-"])
def test_a_key_that_was_copied_wrongly(
    own: dict[str, str], monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("KEFU_WECHAT_SHOP_AES_KEY", key)
    for mode in ("safe", "plain"):
        said = problem({"accounts": {"shop": {"mode": mode}}})
        assert "KEFU_WECHAT_SHOP_AES_KEY 应为 43 个字母或数字，请从微信后台重新复制" in said
        assert key not in said


# Addresses of the environment


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("127.0.0.1", "http://127.0.0.1"),
        ("0.0.0.0", "http://127.0.0.1"),
        ("::", "http://[::1]"),
        ("::1", "http://[::1]"),
        ("[::1]", "http://[::1]"),
        ("kefu.internal", "http://kefu.internal"),
    ],
)
def test_processes_of_this_machine_reach_each_other(host: str, base: str) -> None:
    place = read_environment({"KEFU_HOST": host, "KEFU_WECHAT_DOUBLE_PORT": "6000"})
    assert place.wechat_double_url == f"{base}:6000"
    assert place.wechat_url == f"{base}:5057"
    assert reachable("") == "127.0.0.1"


def test_the_api_may_be_behind_a_proxy() -> None:
    place = read_environment({"KEFU_WECHAT_API_URL": "http://10.0.0.1:8080/wechat/"})
    assert place.wechat_api_url == "http://10.0.0.1:8080/wechat"


@pytest.mark.parametrize("url", ["api.weixin.qq.com", "ftp://x", "//x", " "])
def test_an_api_address_that_is_none(url: str) -> None:
    with pytest.raises(EnvironmentProblem, match=r"KEFU_WECHAT_API_URL.*请以 https:// 或"):
        read_environment({"KEFU_WECHAT_API_URL": url})


@pytest.mark.parametrize("name", ["KEFU_WECHAT_PORT", "KEFU_WECHAT_DOUBLE_PORT"])
def test_a_port_that_is_none(name: str) -> None:
    with pytest.raises(EnvironmentProblem, match=name):
        read_environment({name: "66666"})
