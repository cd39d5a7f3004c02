"""Times and addresses as the pages of publishing write them."""

from __future__ import annotations

from urllib.parse import quote


def age_text(seconds: float) -> str:
    """Return how long something has been, in one unit: 刚刚, 5 分钟, 3 小时, 12 天."""
    for size, unit in ((86_400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "刚刚"


def left_text(seconds: float | None) -> str:
    """Return how long a job will still take; None: longer than the last time."""
    if seconds is None:
        return "比平时久一些"
    if seconds < 90:
        return f"大约还要 {max(1, round(seconds))} 秒"
    return f"大约还要 {round(seconds / 60)} 分钟"


def entry_url(label: str) -> str:
    """Return the address of an entry's page."""
    return f"/knowledge/entries/{quote(label)}"
