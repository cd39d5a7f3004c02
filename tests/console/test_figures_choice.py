"""What the address of the page of figures asks for."""

from __future__ import annotations

from datetime import date

import pytest

from kefu.console.figures_choice import Choice, ChoiceProblem, channel_titles, chosen
from kefu.errors import KefuError
from kefu.insight.period import Period, Step
from tests.insight.scene import SHANGHAI

pytestmark = pytest.mark.usefixtures("fresh_home")
TODAY = date(2026, 11, 26)  # a Thursday
CHANNELS = channel_titles(["rest", "wechat:news", "wechat:shop"])


def asked(**given: str) -> Choice:
    return chosen(given, TODAY, CHANNELS)


def refused(**given: str) -> str:
    with pytest.raises(KefuError) as caught:
        asked(**given)
    return str(caught.value)


def days(first: int, last: int, month: int = 11) -> Period:
    return Period(date(2026, month, first), date(2026, month, last), SHANGHAI)


@pytest.mark.parametrize(
    ("name", "period"),
    [
        ("day", days(26, 26)),
        ("yesterday", days(25, 25)),
        ("week", days(20, 26)),
        ("last_week", days(16, 22)),
        ("last_month", days(1, 31, 10)),
        ("month", Period(date(2026, 10, 28), TODAY, SHANGHAI)),
    ],
)
def test_usual_days_are_counted_from_today(name: str, period: Period) -> None:
    assert asked(period=name).period == period


def test_nothing_said_means_the_last_seven_days_and_a_short_address() -> None:
    assert asked().period == days(20, 26)
    assert asked(channel="", category="", step="").query == ""


def test_form_with_its_days_unchanged_keeps_moving_with_the_calendar() -> None:
    sent = {"period": "month", "from": "2026-10-28", "to": "2026-11-26", "channel": "rest"}
    assert asked(**sent).params() == {"period": "month", "channel": "rest"}
    assert asked(**{**sent, "from": "2026-10-29"}).params() == {
        "from": "2026-10-29", "to": "2026-11-26", "channel": "rest",
    }  # fmt: skip


def test_address_says_the_same_again() -> None:
    choice = asked(**{"from": "2026-11-01", "to": "2026-11-30"}, category="logistics", step="week")
    assert choice.step is Step.WEEK
    assert asked(**choice.params()) == choice


def test_parts_of_a_page_agree_on_the_days_past_midnight() -> None:
    assert asked().exact == "?from=2026-11-20&to=2026-11-26"


def test_one_day_of_a_channel_goes_by_what_fits() -> None:
    choice = asked(channel="wechat", step="day")
    assert choice.of_day("2026-11-21") == "?from=2026-11-21&to=2026-11-21&channel=wechat"


def test_several_accounts_of_wechat_can_be_looked_at_together() -> None:
    assert next(iter(CHANNELS.items())) == ("wechat", "微信（全部账号）")
    assert "wechat" not in channel_titles(["rest", "wechat:shop"])
    assert asked(channel="wechat").filters.channel == "wechat"


def test_what_cannot_be_shown_is_refused_with_the_remedy() -> None:
    assert "早于开始日期" in refused(**{"from": "2026-11-20", "to": "2026-11-01"})
    assert "请填写结束日期" in refused(**{"from": "2026-11-20"})
    assert "请填写开始日期" in refused(period="own")
    assert "不是日期" in refused(**{"from": "昨天", "to": "2026-11-01"})
    assert "至多 1100 天" in refused(**{"from": "2020-01-01", "to": "2026-11-01"})
    assert "请缩短时段或按天查看" in refused(
        **{"from": "2026-09-01", "to": "2026-11-01"}, step="hour"
    )
    assert "没有渠道「fax」" in refused(channel="fax")
    assert "没有分类「x/../y」" in refused(category="x/../y")
    assert "没有「decade」这个时段" in refused(period="decade")
    assert "按小时、天、周或月" in refused(step="minute")


def test_days_at_the_ends_of_the_calendar_are_refused_and_fail_nothing() -> None:
    for first, last in (("0001-01-01", "0001-01-02"), ("9999-12-30", "9999-12-31")):
        with pytest.raises(ChoiceProblem):
            asked(**{"from": first, "to": last})


def test_nul_in_an_address_is_left_out() -> None:
    assert asked(channel="re\0st").filters.channel == "rest"
