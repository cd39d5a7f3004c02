"""WeChat's signatures and message encryption (消息推送, "加解密技术方案")."""

from __future__ import annotations

import base64
import hashlib
import os
import struct
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

_BLOCK = 32  # WeChat pads to 32 bytes, twice AES's own block.
_RANDOM = 16
_LENGTH = struct.Struct(">I")


class NotDecipherable(Exception):
    """Raised when a text was not encrypted for this account; says why, in Chinese."""


def signature(token: str, *parts: str) -> str:
    """Return the hex SHA-1 of the sorted parts and the token."""
    return hashlib.sha1("".join(sorted([token, *parts])).encode()).hexdigest()


def encrypt(aes_key: str, appid: str, text: str, random: bytes | None = None) -> str:
    """Return `text` encrypted, as base64. `random` is 16 bytes, drawn when not given."""
    message = text.encode()
    prefix = random or os.urandom(_RANDOM // 2).hex().encode()
    full = prefix + _LENGTH.pack(len(message)) + message + appid.encode()
    pad = _BLOCK - len(full) % _BLOCK
    encryptor = _cipher(aes_key).encryptor()
    return base64.b64encode(encryptor.update(full + bytes([pad]) * pad)).decode()


def decrypt(aes_key: str, appid: str, encrypted: str) -> str:
    """Return the text that was encrypted for `appid`. Raises NotDecipherable."""
    full = _unpadded(_plain(aes_key, encrypted))
    if len(full) < _RANDOM + _LENGTH.size:
        raise NotDecipherable("密文太短")
    (length,) = _LENGTH.unpack_from(full, _RANDOM)
    start = _RANDOM + _LENGTH.size
    if full[start + length :] != appid.encode():
        raise NotDecipherable("密文末尾不是本账号的 AppID")
    try:
        return full[start : start + length].decode()
    except UnicodeDecodeError:
        raise NotDecipherable("解密后的内容不是 UTF-8") from None


def _plain(aes_key: str, encrypted: str) -> bytes:
    try:
        sealed = base64.b64decode(encrypted, validate=True)
    except ValueError:
        raise NotDecipherable("密文不是 base64") from None
    if not sealed or len(sealed) % (AES.block_size // 8):
        raise NotDecipherable("密文长度不对")
    return _cipher(aes_key).decryptor().update(sealed)


def _unpadded(full: bytes) -> bytes:
    pad = full[-1]
    if not 1 <= pad <= _BLOCK or full[-pad:] != bytes([pad]) * pad:
        raise NotDecipherable("密文的填充不对，EncodingAESKey 可能不一致")
    return full[:-pad]


@lru_cache(maxsize=64)
def _cipher(aes_key: str) -> Cipher[CBC]:
    key = base64.b64decode(aes_key + "=")
    return Cipher(AES(key), CBC(key[:16]))
