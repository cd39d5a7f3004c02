"""Keys of what the knowledge base says: every phrasing is compared again and again."""

from __future__ import annotations

from functools import lru_cache

from kefu.normalise import match_key


# Of a file that changes nearly all phrasings stay.
@lru_cache(maxsize=1 << 17)
def key_of(text: str) -> str:
    """Return the `match_key` of a text of the knowledge base, computed once."""
    return match_key(text)
