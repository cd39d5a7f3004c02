"""The accuracy of the published models over time, as the points of a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kefu.console.pages import moment
from kefu.publishing.floor import percent
from kefu.publishing.history import Publication

WIDTH, HEIGHT = 640, 160
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 16, 16, 28
_MOST = 30
_STEP = 0.05


@dataclass(frozen=True)
class Point:
    """One publication: its place, and what it stands for."""

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class Chart:
    """A line in a box of WIDTH by HEIGHT, with the floor and the marks of the axis."""

    points: tuple[Point, ...]
    floor: float
    marks: tuple[Point, ...]
    first: str
    last: str

    @property
    def line(self) -> str:
        """Return the points as an SVG polyline wants them."""
        return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in self.points)


def chart(publications: Iterable[Publication], floor: float) -> Chart | None:
    """Draw the accuracy of publications, given newest first; None for fewer than two."""
    drawn = [p for p in publications if p.accuracy is not None and p.questions][:_MOST]
    shares = [p.accuracy for p in reversed(drawn) if p.accuracy is not None]
    if len(shares) < 2:
        return None
    lowest = max(0.0, int(min(*shares, floor) / _STEP) * _STEP - _STEP)
    step = (WIDTH - _LEFT - _RIGHT) / (len(shares) - 1)

    def height(share: float) -> float:
        return _TOP + (1 - share) / (1 - lowest) * (HEIGHT - _TOP - _BOTTOM)

    points = tuple(
        Point(_LEFT + place * step, height(share), f"{moment(p.at)}：{percent(share)}")
        for place, (share, p) in enumerate(zip(shares, reversed(drawn), strict=True))
    )
    marks = tuple(Point(0, height(share), percent(share)) for share in (1.0, lowest))
    return Chart(points, height(floor), marks, moment(drawn[-1].at), moment(drawn[0].at))
