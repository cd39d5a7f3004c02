"""`kefu bench-desk`: from a customer's message to the agent's screen, and from there back.

Fifty agents with an open page and ten customers each; beside it one agent with one
customer, who shows what the way costs when nothing else goes on. The agents and customers
run in a process of their own and share the machine's processors with everything else.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from kefu import bench_report
from kefu.bench_report import Measured
from kefu.benchmark import current_model
from kefu.desk_load.scene import Scene
from kefu.environment import environment
from kefu.errors import KefuError
from kefu.running.machine import machine, resident_megabytes
from kefu.running.own_set import OwnSet, own_set

RESULT = Path("results") / "bench_desk.json"
GOAL_P99 = 0.500
SCENES = {
    "1 对 1": Scene("alone", agents=1, customers=1, rate=2, seconds=20),
    "50 对 500": Scene("full", agents=50, customers=10, rate=10, seconds=60),
}
_LONGEST_SCENE = 600.0


class DeskNotMeasured(KefuError):
    """Raised when nothing could be measured; the text says why."""


def bench_desk(console: Console) -> int:
    """Start a set of processes of its own, measure, print and write results/bench_desk.json.

    Raises:
        OwnSetFailed, DeskNotMeasured: The processes do not start, or refuse the requests.
    """
    model = current_model(environment().home, console)
    console.print("• 启动一套独立的进程（约 15 秒）…")
    with own_set(model) as running:
        measured = measure_desk(running, console)
        states = running.daemon.states()
        memory = {state.name: resident_megabytes(state.pid) for state in states if state.pid}
    here = machine()
    bench_report.show(measured, memory, here, console)
    console.print("顾客和客服由本机的另一个进程扮演，和被测的进程共用处理器。")
    file = environment().home / RESULT
    bench_report.write(file, measured, memory, here)
    console.print(f"✔ 已写入 {file}")
    return 0


def measure_desk(running: OwnSet, console: Console) -> list[Measured]:
    """Measure on a running set. Raises DeskNotMeasured."""
    if not running.has_double:
        console.print("• credentials.yml 里没有演示账号，不测工作台")
        return []
    found: list[Measured] = []
    for title, scene in SCENES.items():
        people = f"{scene.agents} 位客服，{scene.agents * scene.customers} 位顾客"
        console.print(f"• 工作台：{people}，{scene.seconds:.0f} 秒…")
        found += measured_of(title, scene, _played(scene, running.variables))
    return found


def measured_of(title: str, scene: Scene, observed: Mapping[str, Any]) -> list[Measured]:
    """Return the series of a scene: there, back, and both."""
    failed = observed["messages"] - len(observed["both"]) + observed["failed"]
    goals = {"p99": GOAL_P99} if scene.agents > 1 else {}
    parts: tuple[tuple[str, str, dict[str, float]], ...] = (
        ("顾客到屏幕", "to_screen", {}),
        ("屏幕到顾客", "to_customer", {}),
        ("一来一回", "both", goals),
    )
    return [
        Measured(
            f"{name}，{title}",
            f"desk_{scene.name}_{key}",
            observed[key],
            aims,
            failed,
            scene.seconds,
        )
        for name, key, aims in parts
    ]


def _played(scene: Scene, variables: Mapping[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "kefu.desk_load", json.dumps(asdict(scene))]
    done = subprocess.run(
        command,
        cwd=variables["KEFU_HOME"],
        env=dict(variables),
        capture_output=True,
        text=True,
        timeout=_LONGEST_SCENE,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["没有输出"]
        raise DeskNotMeasured(f"工作台没有测成：{last[0][:300]}")
    observed: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if not observed["both"]:
        raise DeskNotMeasured("没有一条消息走完全程，请看 console 和 wechat 的日志")
    return observed
