"""Encryption of what customers write, and pseudonyms for who they are."""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from kefu.environment import secret_bytes
from kefu.errors import KefuError

_VERSION = b"\x01"
_NONCE_BYTES = 12


class DecryptionError(KefuError):
    """Raised when stored data does not fit the key or was altered."""


class Cipher:
    """AES-256-GCM with a random 96-bit nonce; output is version, nonce, ciphertext and tag."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def encrypt(self, text: str) -> bytes:
        """Encrypt text of any length."""
        return self.encrypt_bytes(text.encode("utf-8"))

    def encrypt_bytes(self, content: bytes) -> bytes:
        """Encrypt bytes of any length."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._aead.encrypt(nonce, content, _VERSION)

    def decrypt(self, data: bytes) -> str:
        """Decrypt what `encrypt` made. Raises DecryptionError."""
        return self.decrypt_bytes(data).decode("utf-8")

    def decrypt_bytes(self, data: bytes) -> bytes:
        """Decrypt what `encrypt_bytes` made. Raises DecryptionError."""
        nonce, sealed = data[1 : 1 + _NONCE_BYTES], data[1 + _NONCE_BYTES :]
        try:
            return self._aead.decrypt(nonce, sealed, data[:1])
        except (InvalidTag, ValueError):
            raise DecryptionError(
                "数据无法解密：数据密钥（KEFU_DATA_KEY 或 var/secrets.json）与数据库不匹配"
            ) from None


@lru_cache(maxsize=1)
def data_cipher() -> Cipher:
    """Return the cipher of this installation's data key."""
    return Cipher(secret_bytes("data_key"))


def pseudonym(channel: str, customer: str) -> str:
    """Return the conversation id of a customer: 32 hex digits, keyed, not reversible.

    Args:
        channel: Channel name, with the account where there are several ("rest", "wechat:wx12").
        customer: openid as the channel verified it.
    """
    message = f"{channel}\x1f{customer}".encode()
    return hmac.new(pseudonym_key(), message, hashlib.sha256).hexdigest()[:32]


@lru_cache(maxsize=1)
def pseudonym_key() -> bytes:
    """Return the key of this installation's pseudonyms."""
    return secret_bytes("pseudonym_key")


class EncryptedText(TypeDecorator[str]):
    """A text column that is encrypted at rest."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Encrypt on the way in."""
        return None if value is None else data_cipher().encrypt(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Decrypt on the way out."""
        return None if value is None else data_cipher().decrypt(value)


class EncryptedBytes(TypeDecorator[bytes]):
    """A column of bytes that is encrypted at rest."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Encrypt on the way in."""
        return None if value is None else data_cipher().encrypt_bytes(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Decrypt on the way out."""
        return None if value is None else data_cipher().decrypt_bytes(value)
