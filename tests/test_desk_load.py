"""The load of `kefu bench-desk`, small, against the real console, WeChat process and double."""

from __future__ import annotations

from pathlib import Path

import pytest

from kefu.bench_report import Measured
from kefu.benchmark_desk import SCENES, measured_of
from kefu.channels.wechat.service import create_app as create_wechat
from kefu.console.app import create_app as create_console
from kefu.desk_load.scene import Observed, Scene, play
from tests.channels.wechat.platform import double, free_port, mini, served


async def test_every_message_is_seen_by_its_agent_and_the_answer_reaches_the_customer(
    fresh_home: Path,
) -> None:
    scene = Scene("small", agents=2, customers=2, rate=20.0, seconds=0.5)
    port = free_port()
    account = mini(f"http://127.0.0.1:{port}")
    async with (
        served(create_wechat([account])) as wechat,
        double(account, port=port, push_to=wechat) as platform,
        served(create_console()) as console,
    ):
        observed = await play(scene, console, platform.url, account)
    assert (observed.messages, len(observed.both), observed.failed) == (10, 10, 0)
    assert all(0 < seconds < 30 for seconds in (*observed.to_screen, *observed.to_customer))
    assert observed.both == pytest.approx(
        [there + back for there, back in zip(observed.to_screen, observed.to_customer, strict=True)]
    )


def test_report_has_both_ways_and_the_sum_with_the_goal_for_the_full_desk_alone() -> None:
    observed = Observed([0.1, 0.2], [0.1, 0.1], [0.2, 0.3], messages=3, failed=2)
    found: dict[str, Measured] = {}
    for title, scene in SCENES.items():
        found |= {m.key: m for m in measured_of(title, scene, observed.as_dict())}
    assert set(found) == {
        f"desk_{scene}_{way}"
        for scene in ("alone", "full")
        for way in ("to_screen", "to_customer", "both")
    }
    # What did not arrive counts as failed, and what the console refused.
    assert {m.failed for m in found.values()} == {3}
    assert [key for key, m in found.items() if m.goals] == ["desk_full_both"]
