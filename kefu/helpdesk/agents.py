"""The people of the outside helpdesk, as our tables name them."""

from __future__ import annotations

from kefu.staff.names import OUTSIDE

# What the keys of their messages begin with; `kefu.handoff.desk` puts its own name first.
DESK = "desk:"
KEY = "helpdesk:"
KEYS = f"{DESK}{KEY}"
_LONGEST = 40


def login_of(name: str) -> str:
    """Return what stands in the place of a login for a person of the helpdesk."""
    return f"{OUTSIDE}{name}"[:_LONGEST]


def is_outside(login: str | None) -> bool:
    """Tell whether a login stands for a person of the helpdesk."""
    return login is not None and login.startswith(OUTSIDE)
