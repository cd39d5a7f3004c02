"""Everything that is measured, as Prometheus reads it. No label names a customer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from kefu.alerts.book import open_alerts
from kefu.errors import KefuError
from kefu.metrics import totals
from kefu.metrics.collected_machine import machine_metrics
from kefu.metrics.deliveries import deliveries
from kefu.metrics.replies import unanswered
from kefu.metrics.totals import BUCKETS, Rising, Turns, TurnTotals
from kefu.metrics.waiting import waiting
from kefu.storage import troubles

logger = logging.getLogger(__name__)

_Part = Callable[[float], Iterable[Metric]]
# Who speaks with a person waits for that person.
_HELD = "held"


class KefuCollector(Collector):
    """Measures when it is asked; counts that only rise are remembered."""

    def __init__(self) -> None:
        self._turns = TurnTotals()
        self._rising = Rising()

    def collect(self) -> Iterator[Metric]:
        """Yield what can be measured; what cannot is named in `kefu_collect_failed`."""
        failed = GaugeMetricFamily(
            "kefu_collect_failed", "1 where a part could not be measured", labels=["part"]
        )
        parts: dict[str, _Part] = {
            "turns": self._of_turns,
            "people": self._of_people,
            "deliveries": self._of_deliveries,
            "alerts": _of_alerts,
            "machine": machine_metrics,
        }
        now = time.time()
        for name, part in parts.items():
            measured = _measured(name, part, now)
            failed.add_metric([name], 1 if measured is None else 0)
            yield from measured or ()
        yield failed

    def _of_turns(self, now: float) -> Iterator[Metric]:
        found = self._turns.read(now)
        counted = CounterMetricFamily(
            "kefu_turns", "Turns by channel and outcome", labels=["channel", "outcome"]
        )
        for (channel, outcome), counts in sorted(found.items()):
            counted.add_metric([channel, outcome], counts.count)
        yield counted
        yield _reply_seconds(found)
        yield _gauge("kefu_unanswered_messages", "Messages that wait too long", unanswered(now))

    def _of_people(self, now: float) -> Iterator[Metric]:
        yield self._counter(
            "kefu_handoffs", "Requests for a person", "reason", totals.handoffs_by_reason()
        )
        open_ones = GaugeMetricFamily(
            "kefu_handoffs_open", "Handoffs that are not over", labels=["state"]
        )
        for state, count in totals.open_handoffs().items():
            open_ones.add_metric([state], count)
        yield open_ones
        queue = waiting(now)
        yield _gauge("kefu_waiting_customers", "Customers who wait for a person", queue.count)
        yield _gauge("kefu_waiting_longest_seconds", "Longest of these waits", queue.longest)
        yield self._counter(
            "kefu_ratings", "Ratings asked for and given", "answer", totals.ratings_by_answer()
        )

    def _of_deliveries(self, now: float) -> Iterator[Metric]:
        outbox = deliveries(now, now)
        yield _gauge("kefu_outbox_waiting", "Messages on their way to WeChat", outbox.waiting)
        yield _gauge("kefu_outbox_oldest_seconds", "Age of the oldest of them", outbox.longest)
        dead = self._rising.of(("dead",), totals.dead_letters())
        yield CounterMetricFamily(
            "kefu_dead_letters", "Messages that did not reach their customer", value=dead
        )
        yield self._counter(
            "kefu_errors", "Failed calls of the shop and of WeChat", "system", troubles.ever()
        )

    def _counter(self, name: str, help_: str, label: str, counts: dict[str, int]) -> Metric:
        family = CounterMetricFamily(name, help_, labels=[label])
        for value, count in sorted(counts.items()):
            family.add_metric([value], self._rising.of((name, value), count))
        return family


def _measured(name: str, part: _Part, now: float) -> list[Metric] | None:
    try:
        return list(part(now))
    except SQLAlchemyError as error:
        logger.error("metrics of %s: %s", name, type(error).__name__)
    except (KefuError, OSError) as error:
        logger.error("metrics of %s: %s", name, error)
    return None


def _reply_seconds(found: dict[tuple[str, str], Turns]) -> Metric:
    by_channel: dict[str, Turns] = {}
    for (channel, outcome), counts in found.items():
        if outcome != _HELD:
            to = by_channel.setdefault(channel, Turns())
            to.add(counts.count, counts.timed, counts.seconds, *counts.within)
    family = HistogramMetricFamily(
        "kefu_reply_seconds", "Receipt to the last reply", labels=["channel"]
    )
    for channel, counts in sorted(by_channel.items()):
        ends = [*map(str, BUCKETS), "+Inf"]
        buckets = list(zip(ends, [*counts.within, counts.timed], strict=True))
        family.add_metric([channel], buckets, counts.seconds)
    return family


def _of_alerts(now: float) -> Iterator[Metric]:
    yield _gauge("kefu_alerts_open", "Limits of settings.yml that are passed", len(open_alerts()))


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_, value=value)
