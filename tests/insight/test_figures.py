"""All figures together, and as people read them."""

from __future__ import annotations

import pytest

from kefu.insight.figures import Figure, figures
from kefu.insight.share import NOTHING, Share
from kefu.insight.words import change_text, mark, of_text, target_text, value_text
from tests.insight.scene import DAY, NOON, WEEK, answer, ask, rated, say

SHIP = "logistics/ship_time"


def by_name() -> dict[str, Figure]:
    return {figure.name: figure for figure in figures(WEEK).rows()}


def shown(figure: Figure) -> tuple[str, str, str]:
    return value_text(figure.value, figure.unit), of_text(figure), mark(figure)


def share(name: str, numerator: int, denominator: int) -> Figure:
    found = Share(numerator, denominator)
    return Figure(name, "", found.value, "share", found, None, "")


def seconds(value: float | None) -> Figure:
    return Figure("reply_p50", "", value, "seconds", NOTHING, None, "")


def count(value: int) -> Figure:
    return Figure("messages", "", value, "count", None, None, "")


@pytest.mark.usefixtures("database")
def test_day_without_a_customer_has_no_data_and_misses_no_target() -> None:
    found = by_name()
    for name in ("recognition", "handoff", "unreached", "satisfaction", "rated", "reply_p99"):
        assert (value_text(found[name].value, found[name].unit), mark(found[name])) == (
            "无数据", ""
        ), name  # fmt: skip
    assert value_text(found["messages"].value, "count") == "0"


@pytest.mark.usefixtures("database")
def test_every_figure_names_its_two_numbers_and_its_target() -> None:
    for number in range(3):
        say("a", NOON + number, "answered", SHIP, seconds=1)
    say("a", NOON + 5, "not_recognised", SHIP, seconds=4)
    handoff = ask("b", NOON)
    answer(handoff, NOON + 90.2)
    rated(handoff, NOON + 200, "满意")
    found = by_name()
    assert shown(found["recognition"]) == ("75.0 %", "3/4", "✘")
    assert shown(found["handoff"]) == ("50.0 %", "1/2", "✘")
    assert shown(found["unreached"]) == ("0.0 %", "0/1", "")
    assert shown(found["reply_fast"]) == ("80.0 %", "4/5", "✘")
    assert shown(found["reply_p99"]) == ("4.00 秒", "5 条", "✘")
    assert shown(found["wait_p50"]) == ("1 分 30 秒", "1/1", "")
    assert shown(found["satisfaction"]) == ("100.0 %", "1/1", "")
    assert shown(found["messages"]) == ("5", "", "")
    targets = {name: target_text(f.target, f.unit) for name, f in found.items() if f.target}
    assert targets == {
        "recognition": "≥ 80 %", "reviewed": "≥ 80 %", "handoff": "≤ 30 %", "reply_fast": "≥ 100 %",
        "reply_p50": "< 3 秒", "reply_p95": "< 3 秒", "reply_p99": "< 3 秒",
    }  # fmt: skip


@pytest.mark.usefixtures("database")
def test_targets_are_met_at_their_limit() -> None:
    for number in range(10):
        say(f"c{number}", NOON, "answered" if number < 8 else "not_recognised", SHIP)
    for number in range(3):
        ask(f"c{number}", NOON + 60)
    found = by_name()
    assert shown(found["recognition"]) == ("80.0 %", "8/10", "✔")
    assert shown(found["handoff"]) == ("30.0 %", "3/10", "✔")
    assert shown(found["reply_fast"]) == ("100.0 %", "13/13", "✔")


@pytest.mark.usefixtures("database")
def test_period_before_has_its_own_figures() -> None:
    say("a", NOON - 7 * DAY, "not_recognised", SHIP)
    say("a", NOON, "answered", SHIP)
    assert figures(WEEK).recognition == Share(1, 1)
    assert figures(WEEK.before()).recognition == Share(0, 1)


def test_change_is_told_in_points_in_units_or_as_growth() -> None:
    assert change_text(share("r", 3, 4), share("r", 1, 2)) == "+25.0 个百分点"
    assert change_text(share("r", 1, 4), share("r", 1, 2)) == "-25.0 个百分点"
    assert change_text(share("r", 1, 2), share("r", 2, 4)) == "持平"
    assert change_text(share("r", 1, 2), share("r", 0, 0)) == "—"
    assert change_text(seconds(0.5), seconds(0.75)) == "-0.25 秒"
    assert change_text(seconds(0.5), seconds(0.501)) == "持平"
    assert change_text(seconds(None), seconds(1)) == "—"
    assert change_text(count(15), count(10)) == "+50.0 %"
    assert change_text(count(15), count(0)) == "+15"
    assert change_text(count(0), count(0)) == "持平"


def test_almost_all_is_not_shown_as_all_and_little_not_as_nothing() -> None:
    assert value_text(22721 / 22723, "share") == "99.99 %"
    assert value_text(1.0, "share") == "100.0 %"
    assert value_text(1 / 100_000, "share") == "0.01 %"
    assert value_text(0.0, "share") == "0.0 %"
    assert value_text(0.9995, "share") == "99.95 %"
