"""Passwords: which are good enough, and how they are kept."""

from __future__ import annotations

import secrets
from functools import lru_cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kefu.staff.person import StaffError

SHORTEST = 10
LONGEST = 128
# Long enough for us, and yet among the first that anybody tries.
_WORDS = """
1234567890 0123456789 12345678910 123456789012 0987654321 9876543210 1111111111 0000000000
6666666666 8888888888 1122334455 1357924680 5201314520 qwertyuiop qwerty12345 qwerty123456
asdfghjkl123 1qaz2wsx3edc 1q2w3e4r5t q1w2e3r4t5 zaq12wsxcde abcdefghij abc1234567 abcd123456
a123456789 aa12345678 aa123456789 password12 password123 password1234 passw0rd123 p@ssw0rd123
adminadmin admin12345 admin123456 administrator iloveyou123 woaini1314 woaini520 woaini5201314
welcome123 welcome1234 letmein123 changeme123 kefu123456 kefukefukefu
"""
_COMMON = frozenset(_WORDS.split())
# Letters and digits that nobody confuses when copying from a screen.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

_hasher = PasswordHasher()
# Each hash takes 64 MB for a moment; strangers decide how many are wanted.
_few_at_once = BoundedSemaphore(2)


def check(password: str, login: str) -> None:
    """Raise StaffError when a password is too easy to guess; the text says what would do."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise StaffError(f"密码应有 {SHORTEST} 至 {LONGEST} 个字符")
    plain = password.lower()
    if login and login in plain:
        raise StaffError("密码里不能有登录名，请换一个")
    if plain in _COMMON or len(set(plain)) < 4:
        raise StaffError("这个密码太常见，请换一个，例如几个不相关的词")


def hashed(password: str) -> str:
    """Return what is kept of a password (Argon2id)."""
    with _few_at_once:
        return _hasher.hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Tell whether a password is the one that was kept; without one, take as long and say no."""
    with _few_at_once:
        try:
            return _hasher.verify(kept or _nobodys(), password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(kept: str) -> bool:
    """Tell whether a password was kept in a weaker way than now."""
    return _hasher.check_needs_rehash(kept)


def one_time() -> str:
    """Return a random password that a person can type."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return _hasher.hash(secrets.token_hex(16))
