"""People are told when something begins, now and then while it lasts, and when it is over."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from kefu.alerts.book import open_alerts
from kefu.alerts.signals import NothingToTell, Rule, Signal
from kefu.alerts.watch import REPORT, Watch
from kefu.environment import ALERT_WEBHOOK, alert_webhook
from kefu.handoff.reports import open_reports
from tests.alerts.conftest import Robot
from tests.alerts.robot import KEY

NOON = 1_764_216_000.0  # 2025-11-27 12:00 in Shanghai
MINUTE, HOUR = 60.0, 3600.0


class Weather:
    """Something that a rule looks at, and may be bad; `silent`: nothing can be told."""

    def __init__(self, name: str = "storm", hold: float = 0.0) -> None:
        self.bad = False
        self.silent = False
        self.name, self.hold = name, hold

    def look(self, now: float) -> list[Signal]:
        if self.silent:
            raise NothingToTell
        return [Signal(self.name, "风暴", self.bad, "风力 9 级（界限 8 级）", self.hold)]

    def watch(self) -> Watch:
        return Watch([Rule(self.name, self.look)])


@pytest.fixture
def weather() -> Weather:
    return Weather()


def looks(watch: Watch, *minutes: float) -> None:
    for minute in minutes:
        watch.look(NOON + minute * MINUTE)


def test_an_alert_begins_and_ends_once_however_often_it_is_looked(
    robot: Robot, weather: Weather
) -> None:
    watch = weather.watch()
    weather.bad = True
    looks(watch, 0, 1, 2, 3)
    (first,) = robot.texts()
    assert "示例商城" in first and "新告警" in first and "风暴：风力 9 级" in first
    weather.bad = False
    looks(watch, 4, 6, 10, 11, 12)
    _, last = robot.texts()
    assert "已恢复" in last and "持续了 4 分钟" in last
    assert open_alerts() == []


def test_a_restart_tells_nothing_twice(robot: Robot, weather: Weather) -> None:
    weather.bad = True
    looks(weather.watch(), 0)
    looks(weather.watch(), 1, 2)
    weather.bad = False
    looks(weather.watch(), 3)
    looks(weather.watch(), 9, 10)
    looks(weather.watch(), 11)
    assert ["新告警" in text for text in robot.texts()] == [True, False]


def test_what_lasts_is_reminded_of_and_what_calms_down_is_not(
    robot: Robot, weather: Weather
) -> None:
    weather.bad = True
    watch = weather.watch()
    looks(watch, 0, 359, 360, 361, 719)
    assert len(robot.texts()) == 2
    assert "还没有恢复" in robot.texts()[1] and "持续了 6 小时 0 分钟" in robot.texts()[1]
    weather.bad = False
    looks(watch, 720, 721)
    assert len(robot.texts()) == 2


def test_a_moment_within_the_limit_ends_nothing(robot: Robot, weather: Weather) -> None:
    watch = weather.watch()
    for minute in range(12):
        weather.bad = minute % 3 != 2
        looks(watch, minute)
    assert len(robot.texts()) == 1


def test_what_has_to_hold_on_is_told_of_when_it_did(robot: Robot) -> None:
    weather = Weather(hold=2 * MINUTE)
    watch = weather.watch()
    weather.bad = True
    looks(watch, 0, 1)
    weather.bad = False
    looks(watch, 1.5)
    weather.bad = True
    looks(watch, 2, 3)
    assert robot.texts() == [] and open_alerts() == []
    looks(watch, 4)
    assert len(robot.texts()) == 1


def test_what_cannot_be_looked_at_neither_begins_nor_ends(robot: Robot, weather: Weather) -> None:
    weather.bad = True
    watch = weather.watch()
    looks(watch, 0)
    weather.silent, weather.bad = True, False
    looks(watch, 10, 500)
    assert len(robot.texts()) == 1 and len(open_alerts()) == 1
    weather.silent = False
    looks(watch, 501, 507)
    assert "已恢复" in robot.texts()[-1]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"errcode": 45009}, "太频繁"),
        ({"errcode": 93000}, "key 无效"),
        ({"status": 502}, "HTTP 502"),
        ({"silent": True}, "连不上"),
    ],
)
def test_an_alert_that_could_not_be_sent_is_sent_later_and_once(
    robot: Robot, weather: Weather, how: dict[str, Any], said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    watch = weather.watch()
    robot.plays(**how)
    weather.bad = True
    looks(watch, 0, 0.1)
    assert [(r.kind, said in r.text) for r in open_reports()] == [(REPORT, True)]
    robot.plays()
    looks(watch, 0.2)
    assert robot.texts() == []  # a robot that is not well is left in peace for a while
    looks(watch, 2, 3)
    assert len(robot.texts()) == 1
    assert open_reports() == []
    assert KEY not in caplog.text


def test_what_was_over_before_it_could_be_told_is_not_told(robot: Robot, weather: Weather) -> None:
    watch = weather.watch()
    robot.plays(status=500)
    weather.bad = True
    looks(watch, 0)
    weather.bad = False
    looks(watch, 1, 6, 7)
    robot.plays()
    looks(watch, 60)
    assert robot.texts() == [] and open_alerts() == []


def test_the_end_is_told_after_the_robot_is_well_again(robot: Robot, weather: Weather) -> None:
    watch = weather.watch()
    weather.bad = True
    looks(watch, 0)
    robot.plays(status=500)
    weather.bad = False
    looks(watch, 1, 7)
    robot.plays()
    looks(weather.watch(), 8, 9)
    assert ["已恢复" in text for text in robot.texts()] == [False, True]


def test_in_quiet_hours_nobody_is_woken(robot: Robot, weather: Weather, limits: Any) -> None:
    limits(quiet_hours=("12:00-13:00",))
    watch = weather.watch()
    weather.bad = True
    looks(watch, 0, 30, 59)
    assert robot.texts() == []
    looks(watch, 60)
    assert len(robot.texts()) == 1


def test_many_at_once_are_one_message_that_fits(robot: Robot) -> None:
    def look(now: float) -> list[Signal]:
        return [Signal(f"process:{n}", f"程序 {n}", True, "没有应答" * 20) for n in range(60)]

    Watch([Rule("process", look)]).look(NOON)
    (text,) = robot.texts()
    assert len(text.encode()) <= 4096
    shown = text.count("新告警")
    assert 0 < shown < 60 and f"还有 {60 - shown} 项" in text


def test_words_of_an_error_are_no_markup(robot: Robot, weather: Weather) -> None:
    def look(now: float) -> list[Signal]:
        return [Signal("a", "备份", True, "[点我](http://evil) <font>\n**x**")]

    Watch([Rule("a", look)]).look(NOON)
    (text,) = robot.texts()
    assert "](http" not in text.replace("[查看服务状态](", "") and "<font>" not in text


def test_another_system_reads_json(robot: Robot, weather: Weather, limits: Any) -> None:
    limits(format="json", public_url="https://kf.example.com")
    weather.bad = True
    looks(weather.watch(), 0)
    (message,) = robot.messages()
    assert message["url"] == "https://kf.example.com/state"
    (alert,) = message["alerts"]
    assert (alert["name"], alert["status"], alert["begun_at"]) == ("storm", "begun", NOON)


@pytest.mark.usefixtures("fresh_home")
def test_without_a_webhook_alerts_are_kept_for_the_page_alone(
    weather: Weather, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ALERT_WEBHOOK, raising=False)
    watch = weather.watch()
    weather.bad = True
    looks(watch, 0)
    assert [alert.told_at for alert in open_alerts()] == [None]
    weather.bad = False
    looks(watch, 1, 7)
    assert open_alerts() == []


def test_an_address_that_is_none_is_refused_without_repeating_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(ALERT_WEBHOOK, "qyapi.weixin.qq.com/secret-key")
    with pytest.raises(Exception, match="不是网址") as raised:
        alert_webhook()
    assert "secret-key" not in str(raised.value)


def test_log_does_not_hold_the_address_when_nobody_listens(
    robot: Robot, weather: Weather, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG, "kefu")
    monkeypatch.setenv(ALERT_WEBHOOK, f"http://127.0.0.1:1/send?key={KEY}")
    weather.bad = True
    looks(weather.watch(), 0)
    assert ["告警没有发出去" in report.text for report in open_reports()] == [True]
    assert KEY not in caplog.text + open_reports()[0].text
