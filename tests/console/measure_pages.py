"""How long every page of the console takes in a large shop, written as a table.

`python -m tests.console.measure_pages FOLDER [ENTRIES]` makes the shop in the folder at its
first run. Run it alone on the machine: the column of the processor tells what was not waiting.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from kefu.environment import environment
from kefu.insight.charts import CHARTS
from kefu.insight.figures import GROUPS
from kefu.knowledge.library import library
from kefu.settings_editing.sections import SECTIONS
from tests.console.measured_shop import Console, console, prepare

_TIMES = 5
_MONTH = "period=month"
_PLAN = re.compile(r'name="plan" value="([^"]+)"')
_BESIDE = ("/desk", "/knowledge", "/figures", "/settings/assistant")
_UNREADY = ('aria-busy="true"', "正在数")


def main(folder: str, entries: str = "5000") -> None:
    """Print what everything takes: seconds on the clock, and of the processor."""
    sheet = prepare(Path(folder), int(entries))
    log = Path(folder) / "console.log"
    if len(library(environment().home).shelves) < 20:
        with console(log) as running:
            print(f"内存：启动后 {running.megabytes} MB")
            _import(running, sheet)
            print(f"内存：导入后 {running.megabytes} MB")
    with console(log) as running:
        print(f"内存：启动后 {running.megabytes} MB")
        _pages("启动后第一次", running, 1)
        _list_of_a_month(running)
        _pages("之后", running, _TIMES)
        _after_an_edit(running)
        print(f"内存：最后 {running.megabytes} MB")


def _addresses() -> list[str]:
    label = next(iter(library(environment().home).shelves[-1].entries))
    return [
        "/desk", "/desk/1", "/desk/1/panel", "/desk/1/suggestions", "/desk/1/suggestions?q=保修",
        "/quick-replies", "/knowledge", "/knowledge?q=保修多久", "/knowledge?q=bxdj",
        "/knowledge?q=空气炸锅会不会炸", "/knowledge?show=faults", "/knowledge?show=unpublished",
        "/knowledge/questions?q=保修", f"/knowledge/entries/{label}", "/knowledge/new",
        "/knowledge/categories", "/knowledge/history", "/knowledge/try", "/knowledge/sheets",
        "/knowledge/sheets/form", "/knowledge/sheets/export", "/publishing",
        f"/figures?{_MONTH}",
        *(f"/figures/tiles/{group}?{_MONTH}" for group in GROUPS),
        *(f"/figures/charts/{name}?{_MONTH}" for name in CHARTS),
        *(f"/figures/charts/{name}.csv?{_MONTH}" for name in CHARTS),
        "/figures/report", "/figures/report/body", "/figures/report.html",
        *(f"/settings/{section.key}" for section in SECTIONS), "/settings/questions?q=保修",
        "/settings/history", "/backups", "/state", "/state/findings", "/metrics",
        "/staff", "/access-log", "/me", "/terms",
        "/unrecognised", f"/unrecognised?{_MONTH}", "/unrecognised/entries?q=保修",
        "/unrecognised/mixups", "/unrecognised/done", "/review",
    ]  # fmt: skip


def _pages(when: str, running: Console, times: int) -> None:
    print(f"\n| {when} | 毫秒，中位数 | 最少 | 处理器 |\n|---|---:|---:|---:|")
    for address in _addresses():
        _row(address, [_seconds(running, address) for _ in range(times)])
    _row("边写边查", [_check(running) for _ in range(times)])


def _row(name: str, taken: list[tuple[float, float]]) -> None:
    walls, used = [wall for wall, _ in taken], min(cpu for _, cpu in taken)
    numbers = (median(walls), min(walls), used)
    print(f"| `{name}` | {' | '.join(f'{1000 * number:.0f}' for number in numbers)} |", flush=True)


def _seconds(running: Console, address: str) -> tuple[float, float]:
    answer, wall, used = running.get(address)
    if answer.status_code != 200:
        print(f"! {address}: {answer.status_code}")
    return wall, used


def _check(running: Console) -> tuple[float, float]:
    """Check a new entry as the page does while one types."""
    typed = {"question": "空气炸锅保修多久呀", "answer": "看说明。", "similar": ["炸锅坏了能修吗"]}
    given = {"csrf": running.csrf, "category": "order", **typed}
    answer, wall, used = running.measured("POST", "/knowledge/check", data=given)
    assert answer.status_code == 200, answer.status_code
    return wall, used


def _import(running: Console, sheet: Path) -> None:
    with _others(running, "导入"):
        begun = time.perf_counter()
        page = _upload(running, sheet)
        plan = _once(running, page, _PLAN.search)
        print(f"导入：检查用了 {time.perf_counter() - begun:.1f} 秒")
        begun = time.perf_counter()
        given = {"csrf": running.csrf, "plan": plan[1]}
        running.browser.post(f"{page}/confirm", data=given)
        _once(running, page, lambda text: re.search("已写入知识库", text))
        print(f"导入：写入用了 {time.perf_counter() - begun:.1f} 秒")


def _upload(running: Console, sheet: Path) -> str:
    given = {"csrf": running.csrf, "mode": "append"}
    files = {"file": (sheet.name, sheet.read_bytes())}
    answer = running.browser.post("/knowledge/sheets", data=given, files=files)
    return answer.headers["Location"]


def _once(
    running: Console, page: str, found: Callable[[str], re.Match[str] | None]
) -> re.Match[str]:
    while True:
        match = found(running.browser.get(page).text)
        if match is not None:
            return match
        time.sleep(0.25)


def _list_of_a_month(running: Console) -> None:
    with _others(running, "一个月的改进清单"):
        begun = time.perf_counter()
        while any(word in running.get(f"/unrecognised?{_MONTH}")[0].text for word in _UNREADY):
            time.sleep(0.25)
        print(f"一个月的改进清单：{time.perf_counter() - begun:.1f} 秒后都在")


def _after_an_edit(running: Console) -> None:
    """Change one entry on the disk, as somebody with an editor does, and look at the pages."""
    file = library(environment().home).shelves[-1].category.file
    file.write_text(file.read_text("utf-8") + "# \n", "utf-8")
    print("\n改了一个条目之后立刻：")
    for address in ("/knowledge", "/desk/1/suggestions?q=保修", "/unrecognised", "/desk"):
        _row(address, [_seconds(running, address)])
    _row("边写边查", [_check(running)])


@contextmanager
def _others(running: Console, what: str) -> Iterator[None]:
    """Look at other pages all the while, and print how long the slowest took."""
    over, taken = threading.Event(), [(0.0, "")]

    def look() -> None:
        while not over.is_set():
            for address in _BESIDE:
                taken.append((running.get(address)[1], address))
            over.wait(0.1)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()
        walls = sorted(taken)
        slowest = "、".join(f"{page} {1000 * wall:.0f}" for wall, page in walls[-3:])
        usual = 1000 * median(wall for wall, _ in walls)
        print(f"{what}时看别的页面：中位数 {usual:.0f} 毫秒，最慢的 {slowest}")


if __name__ == "__main__":
    main(*sys.argv[1:])
