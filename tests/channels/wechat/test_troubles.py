"""What is counted as WeChat being unwell, and what is only about one customer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kefu.channels.wechat.api import WechatApi
from kefu.channels.wechat.errors import WechatError
from kefu.channels.wechat.tokens import TokenStore
from kefu.channels.wechat.transport import open_session
from kefu.storage import troubles
from tests.channels.wechat.api_stub import account, serving

pytestmark = pytest.mark.usefixtures("fresh_home")
SEND = "cgi-bin/message/custom/send"
TEXT = {"msgtype": "text", "text": {"content": "你好"}}


@pytest.fixture(autouse=True)
def keeping(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Count as a process does that serves customers."""
    monkeypatch.setattr(troubles, "_keeping", True)
    troubles._noted.clear()
    yield
    troubles._noted.clear()


@pytest.mark.parametrize(
    ("code", "counted"),
    [(-1, True), (40164, True), (48001, True), (45009, True), (45015, False), (48002, False)],
)
async def test_refusals_count_where_the_account_or_wechat_is_unwell(
    code: int, counted: bool
) -> None:
    async with serving() as stub, open_session() as session:
        api = WechatApi(account(stub.url), session, TokenStore(session))
        stub.next(SEND, {"errcode": code, "errmsg": "no"})
        with pytest.raises(WechatError):
            await api.send("o_1", TEXT, ai=False)
        await api.send("o_1", TEXT, ai=False)
    troubles.flush()
    name = f"wechat:{account('').name}"
    assert troubles.ever() == ({name: 1} if counted else {})


async def test_network_that_is_away_counts() -> None:
    async with open_session() as session:
        api = WechatApi(account("http://127.0.0.1:1"), session, TokenStore(session))
        with pytest.raises(WechatError):
            await api.send("o_1", TEXT, ai=False)
    troubles.flush()
    assert sum(troubles.ever().values()) == 1
