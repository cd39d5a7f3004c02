"""How often one customer, and all together, may write."""

from __future__ import annotations

from kefu.channels.limits import Limiter
from kefu.settings import Reception


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def limiter(clock: Clock, each: int = 3, total: int = 100) -> Limiter:
    chosen = Reception(per_customer_per_minute=each, total_per_second=total)
    return Limiter(lambda: chosen, clock)


def test_customer_is_limited_for_a_minute_and_others_are_not() -> None:
    clock = Clock()
    limits = limiter(clock)
    assert [limits.allows("o_1") for _ in range(4)] == [True, True, True, False]
    assert limits.allows("o_2")
    clock.now += 59
    assert not limits.allows("o_1")
    clock.now += 2
    assert limits.allows("o_1")


def test_refused_messages_do_not_prolong_the_wait() -> None:
    clock = Clock()
    limits = limiter(clock, each=1)
    assert limits.allows("o_1")
    for _ in range(59):
        clock.now += 1
        assert not limits.allows("o_1")
    clock.now += 1
    assert limits.allows("o_1")


def test_all_together_are_limited_for_a_second() -> None:
    clock = Clock()
    limits = limiter(clock, total=2)
    assert [limits.allows(f"o_{number}") for number in range(3)] == [True, True, False]
    clock.now += 1
    assert limits.allows("o_3")


def test_many_customers_do_not_fill_the_memory() -> None:
    limits = limiter(Clock(), total=200_000)
    for number in range(50_100):
        limits.allows(f"o_{number}")
    assert len(limits._customers) == 50_000
