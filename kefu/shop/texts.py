"""What customers read about their orders, parcels, refunds and membership."""

from __future__ import annotations

from datetime import datetime, tzinfo
from decimal import Decimal

from kefu.shop.records import Member, Order, OrderState, Parcel, Refund, RefundState

_NEXT_STEP = {
    OrderState.PENDING_PAYMENT: "付款后我们会尽快安排发货。",
    OrderState.PAID: "仓库正在备货，发货后会有物流信息。",
    OrderState.DELIVERED: "商品没问题的话，可以在订单里确认收货。",
}
_REFUND_NEXT_STEP = {
    RefundState.APPLIED: "商家会尽快审核。",
    RefundState.APPROVED: "接下来会为你办理。",
    RefundState.RETURNING: "请把商品寄回，并在订单里填写快递单号。",
    RefundState.PROCESSING: "款项正在原路退回，到账以付款渠道为准。",
    RefundState.REJECTED: "如有疑问，可以转人工客服。",
}


def short_title(order: Order) -> str:
    """Return what an order is about in a few characters, for a button."""
    if not order.items:
        return "订单"
    title = order.items[0].title
    title = title if len(title) <= 10 else f"{title[:9]}…"
    return title if len(order.items) == 1 else f"{title}等{len(order.items)}件"


def order_status(order: Order, zone: tzinfo) -> str:
    """Return the state of an order with what comes next."""
    lines = [
        f"订单 {order.order_no}：{order.state.label}",
        f"商品：{short_title(order)}，共 {yuan(order.amount)} 元",
        f"下单时间：{moment(order.created_at, zone)}",
    ]
    if order.refund and order.state in (OrderState.REFUNDING, OrderState.REFUNDED):
        lines.append(f"售后：{order.refund.kind.label}，{order.refund.state.label}")
    elif order.parcels and order.parcels[0].traces:
        lines.append(f"物流：{order.parcels[0].traces[0].text}")
    if order.state in _NEXT_STEP:
        lines.append(_NEXT_STEP[order.state])
    return "\n".join(lines)


def logistics(order: Order, zone: tzinfo) -> str:
    """Return where the parcels of an order are, the latest traces of each."""
    if not order.parcels:
        return f"订单 {order.order_no} {_WITHOUT_PARCEL.get(order.state, '还没有物流信息。')}"
    several = len(order.parcels) > 1
    head = [f"订单 {order.order_no} 分 {len(order.parcels)} 个包裹发出："] if several else []
    return "\n".join(
        head + [_parcel(parcel, zone, 1 if several else 3) for parcel in order.parcels]
    )


_WITHOUT_PARCEL = {
    OrderState.PENDING_PAYMENT: "还没有付款，付款后才会发货。",
    OrderState.PAID: "还没有发货，发货后这里就能查到物流。",
    OrderState.CANCELLED: "已取消，没有物流信息。",
    OrderState.CLOSED: "已关闭，没有物流信息。",
}


def refund(order: Order, zone: tzinfo) -> str:
    """Return how far a refund is, or that there is none."""
    case = order.refund
    if case is None:
        return (
            f"订单 {order.order_no}（{order.state.label}）没有售后申请。需要的话，我可以帮你提交。"
        )
    when = case.updated_at or case.applied_at
    lines = [
        f"订单 {order.order_no} 的{case.kind.label}：{case.state.label}",
        f"申请时间：{moment(case.applied_at, zone)}，更新于 {moment(when, zone)}",
    ]
    if case.amount:
        lines.append(f"退款金额：{yuan(case.amount)} 元{_whereto(case)}")
    if case.state in _REFUND_NEXT_STEP:
        lines.append(_REFUND_NEXT_STEP[case.state])
    return "\n".join(lines)


def points(member: Member) -> str:
    """Return the customer's points and which of them lapse."""
    text = f"你现在有 {member.points} 积分。"
    if member.points_expiring and member.expires_on:
        day = f"{member.expires_on:%Y年%m月%d日}"
        text += f"其中 {member.points_expiring} 积分将在 {day} 到期，记得使用。"
    return text


def membership(member: Member) -> str:
    """Return the customer's level and the way to the next."""
    text = f"你现在是{member.level}，有 {member.points} 积分。"
    if member.growth is not None:
        text += f"成长值 {member.growth}。"
    if member.growth is not None and member.next_level and member.next_level_growth:
        missing = max(member.next_level_growth - member.growth, 0)
        text += f"再得 {missing} 成长值可升级为{member.next_level}。"
    return text


def yuan(amount: Decimal) -> str:
    """Return an amount with two decimals."""
    return f"{amount:.2f}"


def moment(at: datetime, zone: tzinfo) -> str:
    """Return a time in the shop's zone, to the minute."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _whereto(case: Refund) -> str:
    return "，已原路退回" if case.state is RefundState.DONE else ""


def _parcel(parcel: Parcel, zone: tzinfo, traces: int) -> str:
    lines = [f"{parcel.courier} {parcel.tracking_no}：{parcel.state.label}"]
    lines += [f"{moment(t.at, zone)} {t.text}" for t in parcel.traces[:traces]]
    return "\n".join(lines)
