"""Quick replies: sentences that agents use again and again, one's own and everybody's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from kefu.errors import KefuError
from kefu.knowledge import checks
from kefu.normalise import match_key
from kefu.replies import fill, values
from kefu.settings import settings
from kefu.storage.engine import reading, writing
from kefu.storage.tables import leases, quick_replies

LONGEST_TITLE = 40
LONGEST_BODY = 500
# What placeholders stand for, as people who write sentences read it.
PLACEHOLDERS = {
    "name": "你的昵称",
    "shop_name": "店名",
    "service_hours": "人工服务时间",
    "contact_phone": "联系电话",
}

_FIRST = (
    ("问好", "你好，我是人工客服{name}，请问有什么可以帮你？"),
    ("请稍等", "请稍等，我正在为你查询。"),
    ("要订单号", "麻烦把订单号发给我，我帮你看一下。"),
    ("已为你登记", "已为你登记，处理好后我会在这里告诉你。"),
    ("还有问题吗", "请问还有其他问题吗？"),
    ("服务时间", "人工客服的服务时间是{service_hours}，其他时间可以留言，上班后会回复你。"),
    ("再见", "感谢你的咨询，祝你购物愉快！"),
)
# A lease that nobody renews or waits for: it says that the first sentences were made once,
# so that they do not come back when people delete them.
_SEEDED = "quick_replies_made"


class SentenceProblem(KefuError):
    """Raised when a sentence cannot be kept; the text says what to change."""


@dataclass(frozen=True)
class Sentence:
    """One quick reply; `owner` is the id of a person, None where it is everybody's."""

    id: int
    owner: int | None
    title: str
    body: str

    @property
    def shared(self) -> bool:
        """Tell whether everybody has it."""
        return self.owner is None


def of(person: int, now: float) -> list[Sentence]:
    """Return a person's own sentences, then everybody's; in the order they were made."""
    _make_first(now)
    theirs = quick_replies.c.owner.is_(None) | (quick_replies.c.owner == person)
    own_first = quick_replies.c.owner.is_(None)
    query = select(quick_replies).where(theirs).order_by(own_first, quick_replies.c.id)
    with reading() as connection:
        return [Sentence(r.id, r.owner, r.title, r.body) for r in connection.execute(query)]


def get(number: int) -> Sentence | None:
    """Return one sentence, None when there is none of that number."""
    query = select(quick_replies).where(quick_replies.c.id == number)
    with reading() as connection:
        row = connection.execute(query).first()
    return None if row is None else Sentence(row.id, row.owner, row.title, row.body)


def add(owner: int | None, title: str, body: str, now: float) -> Sentence:
    """Keep a new sentence. Raises SentenceProblem."""
    title, body = _checked(title, body)
    row = {"owner": owner, "title": title, "body": body, "created_at": now}
    with writing() as connection:
        made = connection.execute(insert(quick_replies).values(**row))
        return Sentence(made.inserted_primary_key[0], owner, title, body)


def change(number: int, title: str, body: str) -> None:
    """Change a sentence; one that is gone stays gone. Raises SentenceProblem."""
    title, body = _checked(title, body)
    this = quick_replies.c.id == number
    with writing() as connection:
        connection.execute(update(quick_replies).where(this).values(title=title, body=body))


def remove(number: int) -> None:
    """Delete a sentence."""
    with writing() as connection:
        connection.execute(delete(quick_replies).where(quick_replies.c.id == number))


def filled(body: str, nickname: str) -> str:
    """Return a sentence as an agent sends it, its placeholders filled in."""
    return fill(body, **{**values(settings()), "name": nickname})


def matching(sentences: Iterable[Sentence], query: str) -> list[Sentence]:
    """Return the sentences that hold every word of a query, those with it in the title first."""
    words = [match_key(word) for word in query.split()]
    found = [s for s in sentences if all(w in match_key(s.title + s.body) for w in words)]
    return sorted(found, key=lambda s: not all(word in match_key(s.title) for word in words))


def _checked(title: str, body: str) -> tuple[str, str]:
    title, body = " ".join(title.split()), body.strip().replace("\r\n", "\n")
    if not title or not body:
        raise SentenceProblem("标题和内容都要填写")
    if len(title) > LONGEST_TITLE:
        raise SentenceProblem(f"标题有 {len(title)} 个字，至多 {LONGEST_TITLE} 个，请缩短")
    if len(body) > LONGEST_BODY:
        raise SentenceProblem(f"内容有 {len(body)} 个字，至多 {LONGEST_BODY} 个，请缩短")
    words = _forbidden(body)
    if words:
        raise SentenceProblem(
            f"内容里的「{'、'.join(words)}」不能对顾客说（违反微信或广告法的规定），请换一种说法"
        )
    return title, body


def _forbidden(text: str) -> list[str]:
    """Return what a channel would refuse to send, each word once."""
    rules = settings().content
    listed = [word for word in (*rules.forbidden_words, *rules.risky_words) if word in text]
    return list(dict.fromkeys([*listed, *checks.forbidden_words(text)]))


def _make_first(now: float) -> None:
    with reading() as connection:
        query = select(leases.c.name).where(leases.c.name == _SEEDED)
        if connection.execute(query).first() is not None:
            return
    first = [
        {"owner": None, "title": title, "body": body, "created_at": now} for title, body in _FIRST
    ]
    try:
        with writing() as connection:
            # Of two who come at once, this lets one go on.
            done = insert(leases).values(name=_SEEDED, owner="", held_until=now)
            connection.execute(done)
            connection.execute(insert(quick_replies), first)
    except IntegrityError:
        return
