"""Every variable and every setting is documented."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import BaseModel

from kefu.environment import ALERT_WEBHOOK, BACKEND_TOKEN_PREFIX, SECRETS, VARIABLES
from kefu.settings import Settings
from tests.model import PROJECT

PAGE = PROJECT / "docs/settings.md"
# Its keys are the subject of docs/shop.md and of its test.
ELSEWHERE = {"shop"}


def settings_keys(section: type[BaseModel] = Settings, above: str = "") -> Iterator[str]:
    for name, field in section.__fields__.items():
        path = f"{above}{name}"
        yield path
        if path not in ELSEWHERE and hasattr(field.type_, "__fields__"):
            yield from settings_keys(field.type_, f"{path}.")


def test_every_setting_is_documented() -> None:
    # As code, alone or with the names of its parents.
    as_code = r"`(?:[\w<>]+\.)*{key}(?:\[\])?:?`"
    keys = {path: path.rsplit(".", 1)[-1] for path in settings_keys()}
    assert [p for p, key in keys.items() if not re.search(as_code.format(key=key), page())] == []


def test_every_variable_is_documented() -> None:
    names = [variable.name for variable in VARIABLES] + [
        *SECRETS,
        ALERT_WEBHOOK,
        BACKEND_TOKEN_PREFIX,
    ]
    assert [name for name in names if f"`{name}" not in page()] == []


def test_settings_of_the_shop_have_a_page_of_their_own() -> None:
    assert "shop.md" in page()


def test_page_documents_no_variable_that_does_not_exist() -> None:
    known = {v.name for v in VARIABLES} | {*SECRETS, ALERT_WEBHOOK}
    named = set(re.findall(r"KEFU_[A-Z_]+[A-Z]", page()))
    assert {n for n in named - known if not n.startswith(BACKEND_TOKEN_PREFIX[:-1])} == set()


def page() -> str:
    return PAGE.read_text(encoding="utf-8")
