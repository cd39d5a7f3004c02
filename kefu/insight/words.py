"""Figures as people read them."""

from __future__ import annotations

from kefu.insight.figures import Figure, Target, Unit

NO_DATA = "无数据"


def value_text(value: float | None, unit: Unit) -> str:
    """Return a value with its unit."""
    if value is None:
        return NO_DATA
    if unit == "share":
        return _percent(value)
    if unit == "seconds":
        return f"{value:.2f} 秒" if value < 100 else f"{value:,.0f} 秒"
    if unit == "duration":
        return duration_text(value)
    return f"{value:,.0f}"


def duration_text(seconds: float) -> str:
    """Return seconds in the units in which people count a wait."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} 秒"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} 分 {rest} 秒"
    return f"{minutes // 60} 小时 {minutes % 60} 分"


def of_text(figure: Figure) -> str:
    """Return numerator and denominator; of reply times how many were measured."""
    if figure.of is None:
        return ""
    if figure.unit == "seconds":
        return f"{figure.of.denominator:,} 条"
    return f"{figure.of.numerator:,}/{figure.of.denominator:,}"


def target_text(target: Target | None, unit: Unit) -> str:
    """Return a target in words."""
    if target is None:
        return ""
    sign = {"least": "≥", "most": "≤", "below": "<"}[target.how]
    limit = f"{target.limit:.0%}" if unit == "share" else f"{target.limit:g} 秒"
    return f"{sign} {limit}".replace("%", " %")


def mark(figure: Figure) -> str:
    """Return whether the target is met, nothing where there is none or no data."""
    return "" if figure.good is None else "✔" if figure.good else "✘"


def change_text(now: Figure, before: Figure) -> str:
    """Return how a figure has changed since the period before."""
    if now.value is None or before.value is None:
        return "—"
    change = now.value - before.value
    if now.unit == "share":
        points = round(change * 100, 1)
        return f"{points:+.1f} 个百分点" if points else "持平"
    if now.unit == "count":
        return _growth(change, before.value)
    sign = "+" if change > 0 else "-"
    text = value_text(abs(change), now.unit)
    return "持平" if text == value_text(0.0, now.unit) else f"{sign}{text}"


def _growth(change: float, before: float) -> str:
    if not change:
        return "持平"
    return f"{change / before:+.1%}".replace("%", " %") if before else f"{change:+,.0f}"


def _percent(value: float) -> str:
    # What is not all must not be read as all, nor what is something as nothing.
    shown = min(value, 0.9999) if value < 1 else value
    shown = max(shown, 0.0001) if shown > 0 else shown
    digits = 1 if 0.001 <= shown <= 0.999 or shown in (0, 1) else 2
    return f"{shown * 100:.{digits}f} %"
