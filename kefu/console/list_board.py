"""The desk's lists as HTML: those that all see, those of one person, those of operators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kefu.console import desk_lists
from kefu.console.desk_lists import Rows
from kefu.console.pages import fragment
from kefu.handoff import reports
from kefu.staff.people import Person

TITLES = {"waiting": "等待", "mine": "我的", "left": "留言", "over": "已结束", "all": "全部"}
_FOR_ALL = ("waiting", "left")
_OWN = ("mine", "over")
_FOR_OPERATORS = ("all", "reports")


def names_for(person: Person) -> frozenset[str]:
    """Return the names of the lists that a person sees."""
    return frozenset(_FOR_ALL + _OWN + (_FOR_OPERATORS if person.is_operator else ()))


def titles_for(person: Person) -> dict[str, str]:
    """Return the lists that a person can choose from: titles by name."""
    seen = names_for(person)
    return {name: title for name, title in TITLES.items() if name in seen}


def list_html(name: str, person: Person) -> str:
    """Return one list of a person, one of `names_for`."""
    if name == "mine":
        return _html(name, _mine([person.login])[person.login])
    if name == "over":
        return _html(name, desk_lists.over(person.login))
    return _shared(name)


@dataclass(frozen=True)
class Board:
    """Lists, rendered: those for several people by name, those of one by name and login."""

    shared: Mapping[str, str]
    own: Mapping[tuple[str, str], str]

    def text(self, name: str, login: str) -> str | None:
        """Return a list as a person sees it, None where it is not on the board."""
        return self.shared.get(name) or self.own.get((name, login))


def board(shared: Iterable[str], mine: Iterable[str], over: Iterable[str]) -> Board:
    """Render lists in one go.

    Args:
        shared: Names of lists that several people see.
        mine, over: Logins of people whose own lists are wanted.
    """
    own = {("mine", login): _html("mine", rows) for login, rows in _mine(mine).items()}
    own |= {("over", login): _html("over", desk_lists.over(login)) for login in over}
    return Board({name: _shared(name) for name in shared}, own)


def _mine(logins: Iterable[str]) -> dict[str, Rows]:
    wanted = list(logins)
    return desk_lists.mine(wanted) if wanted else {}


def _shared(name: str) -> str:
    if name == "reports":
        return fragment("_reports.html", reports=reports.open_reports())
    read = {"waiting": desk_lists.waiting, "left": desk_lists.tickets, "all": desk_lists.held}
    return _html(name, read[name]())


def _html(name: str, rows: Rows) -> str:
    return fragment("_list.html", name=name, rows=rows)
