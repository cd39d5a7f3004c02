"""access_tokens: how they are issued, how long they live, who is let in."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .conftest import MINI, OFFICIAL, OPENID, SECRET, SEND, Running

GRANT = {"grant_type": "client_credential", "appid": MINI, "secret": SECRET}
BODY = {"touser": OPENID, "msgtype": "text", "text": {"content": "您好"}}


async def _issue(double: Running) -> str:
    answer = await double.get("cgi-bin/token", **GRANT)
    assert answer["expires_in"] == 7200
    return str(answer["access_token"])


async def _stable(double: Running, **more: Any) -> tuple[Any, Any]:
    answer = await double.post("cgi-bin/stable_token", {**GRANT, **more})
    return answer.get("access_token"), answer.get("expires_in", answer.get("errcode"))


async def _code(double: Running, token: str) -> int:
    return int((await double.get("cgi-bin/getcallbackip", token)).get("errcode", 0))


async def test_every_call_issues_a_token_and_the_former_lives_five_minutes(
    double: Running,
) -> None:
    first, second = await _issue(double), await _issue(double)
    assert first != second
    assert [await _code(double, first), await _code(double, second)] == [0, 0]
    await double.advance(301)
    assert [await _code(double, first), await _code(double, second)] == [40001, 0]


async def test_token_expires_after_two_hours(double: Running) -> None:
    token = await _issue(double)
    await double.advance(7199)
    assert await _code(double, token) == 0
    await double.advance(2)
    assert await _code(double, token) == 42001


async def test_stable_token_stays_the_same_with_what_is_left_of_its_life(double: Running) -> None:
    first, life = await _stable(double)
    await double.advance(1000)
    again, left = await _stable(double)
    assert (again, life) == (first, 7200)
    assert 6195 <= left <= 6200


async def test_stable_token_is_new_in_the_last_five_minutes_with_both_valid(
    double: Running,
) -> None:
    first, _ = await _stable(double)
    await double.advance(6910)
    second, life = await _stable(double)
    assert (second != first, life) == (True, 7200)
    assert [await _code(double, first), await _code(double, second)] == [0, 0]
    assert (await _stable(double))[0] == second
    await double.advance(300)
    assert [await _code(double, first), await _code(double, second)] == [42001, 0]


async def test_forced_refresh_invalidates_the_former_at_once(double: Running) -> None:
    first, _ = await _stable(double)
    second, _ = await _stable(double, force_refresh=True)
    assert [await _code(double, first), await _code(double, second)] == [40001, 0]


async def test_forced_refresh_is_limited(double: Running) -> None:
    await _stable(double, force_refresh=True)
    await double.advance(29)
    assert (await _stable(double, force_refresh=True))[1] == 45011
    await double.advance(2)
    for _ in range(19):
        assert (await _stable(double, force_refresh=True))[0]
        await double.advance(31)
    assert (await _stable(double, force_refresh=True))[1] == 45009
    await double.advance(86400)
    assert (await _stable(double, force_refresh=True))[0]


async def test_the_two_kinds_of_token_know_nothing_of_each_other(double: Running) -> None:
    stable, _ = await _stable(double)
    plain = await _issue(double)
    await _stable(double, force_refresh=True)
    assert [await _code(double, stable), await _code(double, plain)] == [40001, 0]


async def test_all_tokens_can_be_made_to_expire(double: Running) -> None:
    stable, _ = await _stable(double)
    plain = await _issue(double)
    await double.control("tokens/expire", {})
    assert [await _code(double, stable), await _code(double, plain)] == [42001, 42001]
    fresh, _ = await _stable(double)
    assert await _code(double, fresh) == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"grant_type": "password"}, 40002),
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
        ({"appid": "wxnobody"}, 40013),
        ({"secret": "wrong"}, 40125),
    ],
)
async def test_wrong_credentials_are_named(
    double: Running, change: dict[str, str], code: int
) -> None:
    given = {**GRANT, **change}
    assert (await double.get("cgi-bin/token", **given))["errcode"] == code
    assert (await double.post("cgi-bin/stable_token", given))["errcode"] == code


async def test_missing_and_wrong_tokens_are_named(double: Running) -> None:
    assert (await double.post(SEND, BODY))["errcode"] == 41001
    assert (await double.post(SEND, BODY, "nonsense"))["errcode"] == 40001


async def test_wrong_method_is_named(double: Running) -> None:
    token = await _issue(double)
    assert (await double.get(SEND, token))["errcode"] == 43002
    assert (await double.post("cgi-bin/getcallbackip", {}, token))["errcode"] == 43001


async def test_address_outside_the_whitelist_is_refused_everywhere(double: Running) -> None:
    token = await _issue(double)
    await double.switch(ip_whitelist=["10.0.0.1"])
    answer = await double.get("cgi-bin/token", **GRANT)
    assert answer["errcode"] == 40164
    assert "127.0.0.1" in answer["errmsg"]
    assert await _code(double, token) == 40164


async def test_error_messages_end_with_a_request_id(double: Running) -> None:
    message = (await double.post(SEND, BODY))["errmsg"]
    assert re.search(r" rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$", message)


async def test_token_works_for_its_own_account_only(double: Running) -> None:
    await double.say()
    assert (await double.post(SEND, BODY, await double.token(OFFICIAL)))["errcode"] == 40003
    assert (await double.post(SEND, BODY, await double.token(MINI)))["errcode"] == 0


async def test_limits_per_minute_and_day(double: Running) -> None:
    token = await _issue(double)
    await double.switch(minute_limit=2)
    assert [await _code(double, token) for _ in range(3)] == [0, 0, 45011]
    await double.switch(minute_limit=0, daily_limit=3)
    assert await _code(double, token) == 45009
    assert await double.call("cgi-bin/clear_quota", {"appid": MINI}) == 0
    assert await _code(double, await _issue(double)) == 0
    for _ in range(9):
        await double.call("cgi-bin/clear_quota", {"appid": MINI})
    await double.switch(daily_limit=0)
    assert await double.call("cgi-bin/clear_quota", {"appid": MINI}) == 48006
