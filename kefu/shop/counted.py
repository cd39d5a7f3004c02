"""Failures of the shop are counted where they are noticed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from kefu.shop.errors import ShopError, ShopRefused
from kefu.storage import troubles

_P = ParamSpec("_P")
_T = TypeVar("_T")


def counted(system: str) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Count the calls of a gateway that fail; `system` is orders or members."""

    def mark(call: Callable[_P, _T]) -> Callable[_P, _T]:
        @functools.wraps(call)
        def watched(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            try:
                return call(*args, **kwargs)
            except ShopRefused:
                raise  # an answer, though not the one that was hoped for
            except ShopError:
                troubles.note(f"shop:{system}")
                raise

        return watched

    return mark
