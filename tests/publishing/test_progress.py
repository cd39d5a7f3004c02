"""The bar of a publication: it moves on, and never pretends to be nearly done."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from kefu.publishing.progress import STEPS, Steps

NAMES = ("check", "start", "entries")


class Clock:
    """A clock that the test turns on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(home: Path) -> Clock:
    return Clock()


def expected(*names: str) -> float:
    return sum(STEPS[name][1] for name in names)


def test_half_of_a_step_on_time(clock: Clock) -> None:
    steps = Steps(NAMES, clock)
    clock.now += expected("check")
    steps.begin("start")
    clock.now += expected("start") / 2
    now = steps.now()
    done = expected("check") + expected("start") / 2
    assert now.percent == pytest.approx(100 * done / expected(*NAMES))
    assert now.remaining == pytest.approx(expected(*NAMES) - done)
    assert now.step == "准备训练"


def test_step_that_takes_too_long_moves_on_and_never_arrives(clock: Clock) -> None:
    steps = Steps(("start",), clock)
    seen = []
    for _ in range(20):
        clock.now += expected("start") / 2
        seen.append(steps.now())
    assert all(a.percent < b.percent < 100 for a, b in pairwise(seen))
    assert seen[-1].remaining is None


def test_what_is_counted_is_shown_as_counted(clock: Clock) -> None:
    steps = Steps(("try",), clock)
    clock.now += 30
    steps.reached(0.25)
    assert (steps.now().percent, steps.now().remaining) == (25, 90)


def test_slow_beginning_lets_the_rest_be_expected_slow(clock: Clock) -> None:
    steps = Steps(NAMES, clock)
    clock.now += 3 * expected("check")
    steps.begin("start")
    assert steps.now().remaining == pytest.approx(3 * expected("start", "entries"))


def test_bar_never_goes_back(clock: Clock) -> None:
    steps = Steps(("start", "try"), clock)
    steps.reached(0.9)
    before = steps.now().percent
    steps.reached(0.1)
    assert steps.now().percent == before


def test_what_it_took_is_expected_the_next_time(clock: Clock) -> None:
    steps = Steps(("start", "entries"), clock)
    clock.now += 100
    steps.begin("entries")
    clock.now += 300
    steps.end()
    again = Steps(("start", "entries"), clock)
    assert again.now().remaining == pytest.approx(400)
    clock.now += 50
    assert again.now().percent == pytest.approx(12.5)


def test_step_that_is_not_needed_does_not_count(clock: Clock) -> None:
    steps = Steps(("try", "try_former"), clock)
    steps.skip("try_former")
    steps.reached(1)
    assert steps.now().percent == 100
