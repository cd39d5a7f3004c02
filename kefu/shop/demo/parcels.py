"""Parcels of the demo shop and the events on their way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from kefu.shop.demo.goods import CITIES, COURIERS, ORIGINS, STATIONS
from kefu.shop.records import ParcelState

# How many of the events of a full way have happened in each state.
_STEPS = {
    ParcelState.WAITING: 1,
    ParcelState.COLLECTED: 2,
    ParcelState.IN_TRANSIT: 4,
    ParcelState.DELIVERING: 6,
    ParcelState.PROBLEM: 7,
    ParcelState.SIGNED: 7,
    ParcelState.RETURNED: 8,
}
ON_THE_WAY = (
    ParcelState.WAITING,
    ParcelState.COLLECTED,
    ParcelState.IN_TRANSIT,
    ParcelState.IN_TRANSIT,
    ParcelState.DELIVERING,
    ParcelState.PROBLEM,
)


@dataclass(frozen=True)
class Sent:
    """One parcel: number, courier, state, and events as (time, text), the oldest first."""

    tracking_no: str
    courier: str
    state: ParcelState
    traces: tuple[tuple[datetime, str], ...]


def send(random: Random, state: ParcelState, sent_at: datetime, until: datetime) -> Sent:
    """Make a parcel handed over at `sent_at` whose last event is before `until`."""
    letters, courier = random.choice(COURIERS)
    texts = _texts(random, courier, state)[: _STEPS[state]]
    step = min((until - sent_at) / (len(texts) + 1), timedelta(hours=11))
    traces = tuple(
        (sent_at + step * index + timedelta(minutes=random.randrange(20)) * bool(index), text)
        for index, text in enumerate(texts)
    )
    number = letters + "".join(random.choice("0123456789") for _ in range(13))
    return Sent(number, courier, state, traces)


def _texts(random: Random, courier: str, state: ParcelState) -> list[str]:
    origin, city = random.choice(ORIGINS), random.choice(CITIES)
    station = f"{city}{random.choice(STATIONS)}"
    phone = f"1{random.choice('35789')}{random.randrange(10)}****{random.randrange(10000):04d}"
    last = f"【{city}】快件已签收，签收人：本人。感谢使用{courier}"
    if state is ParcelState.PROBLEM:
        last = f"【{city}】派送未成功：联系不上收件人，快件暂存{station}，将再次派送"
    if state is ParcelState.RETURNED:
        last = f"【{city}】收件人拒收，快件退回寄件人"
    return [
        "商家已打包，等待快递员揽收",
        f"【{origin}】{courier}已揽收",
        f"【{origin}】快件已到达{origin}转运中心",
        f"【{origin}】快件已发往{city}转运中心",
        f"【{city}】快件已到达{city}转运中心",
        f"【{city}】快递员正在派送，{station}，电话 {phone}",
        last,
        f"【{origin}】退回的快件已由寄件人签收",
    ]
