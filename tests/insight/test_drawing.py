"""Charts: where lines, bars and targets are."""

from __future__ import annotations

import pytest

from kefu.insight.drawing import Drawing, drawing_of
from kefu.insight.figures import RECOGNITION, REPLY
from kefu.insight.scale import scale_for
from kefu.insight.tables import Cell, Column, Kind, Table


def drawn(
    rows: list[tuple[Cell, ...]], kind: Kind = "line", unit: str = "share", **more: object
) -> Drawing | None:
    columns = (Column("日期"), Column("识别率", unit, drawn=True))  # type: ignore[arg-type]
    return drawing_of(Table("t", "t", kind, columns, tuple(rows), **more))  # type: ignore[arg-type]


def test_day_without_data_breaks_the_line() -> None:
    found = drawn([("1", 0.5), ("2", 0.6), ("3", None), ("4", 0.7), ("5", 0.8), ("6", None)])
    assert found is not None
    assert [len(line.points.split()) for line in found.lines] == [2, 2]
    assert len(found.dots) == 4


def test_nothing_to_draw_is_no_chart() -> None:
    assert drawn([("1", None), ("2", None)]) is None
    assert drawn([]) is None


def test_share_is_drawn_on_the_whole_of_the_axis_with_its_target() -> None:
    found = drawn([("1", 1.0), ("2", 0.0)], targets=(RECOGNITION,))
    assert found is not None
    top, bottom = (dot.y for dot in found.dots)
    assert [mark.text for mark in found.marks] == ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]
    [target] = found.targets
    assert target.text == "目标 ≥ 80 %"
    assert target.y == pytest.approx(bottom + (top - bottom) * 0.8, abs=0.2)


def test_target_above_all_values_is_still_on_the_chart() -> None:
    found = drawn([("1", 0.05)], unit="seconds", targets=(REPLY,))
    assert found is not None
    assert 0 < found.targets[0].y < found.dots[0].y


def test_bars_stand_on_the_axis_in_proportion() -> None:
    found = drawn([("1", 10), ("2", 20), ("3", 0)], kind="bars", unit="count")
    assert found is not None
    one, two = found.bars
    assert two.height == pytest.approx(2 * one.height, abs=0.2)
    assert one.y + one.height == pytest.approx(found.bottom, abs=0.1)


def test_long_name_of_a_rank_is_shortened_and_kept_whole_beside() -> None:
    name = "接到自称客服的退款电话是真的吗"
    found = drawn([(name, 4), ("短", 2)], kind="ranks", unit="count")
    assert found is not None
    assert found.names[0].text.endswith("…")
    assert found.names[0].full == name
    assert found.bars[0].width == pytest.approx(2 * found.bars[1].width)


def test_many_days_leave_room_between_their_names() -> None:
    found = drawn([(f"2026-10-{day:02d}", 0.5) for day in range(1, 32)])
    assert found is not None
    assert len(found.names) <= 8
    assert found.names[0].text == "10-01"


@pytest.mark.parametrize(
    ("highest", "unit", "top"),
    [
        (0.2, "share", 1.0),
        (3, "seconds", 3.0),
        (0.3, "seconds", 0.3),
        (0.04, "seconds", 0.04),
        (3415, "count", 4000),
        (2, "count", 2),
        (0, "count", 1),
        (280, "duration", 300),
        (4000, "duration", 4500),
    ],
)
def test_axis_ends_at_a_round_number_above_the_highest(
    highest: float, unit: str, top: float
) -> None:
    scale = scale_for(highest, unit)  # type: ignore[arg-type]
    assert scale.top == pytest.approx(top)
    assert scale.marks[0] == 0
    assert scale.marks[-1] == pytest.approx(scale.top)
    assert len(scale.marks) <= 7
