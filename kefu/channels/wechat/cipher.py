"""The cipher of WeChat's pushes: AES-256-CBC around a frame that names the account."""

from __future__ import annotations

import base64
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from kefu.channels.wechat.signature import PushRefused

_KEY_LENGTH = 43
_KEY_BYTES = 32
# WeChat pads to 32 bytes; the unpadders for AES's own 16 refuse every other push.
_BLOCK = 32
_AES_BLOCK = 16
_RANDOM = 16
_HEADER = _RANDOM + 4


class PushCipher:
    """Encrypts and decrypts for one account."""

    def __init__(self, encoding_aes_key: str, appid: str) -> None:
        key = _key(encoding_aes_key)
        self._cipher = Cipher(AES(key), CBC(key[:_AES_BLOCK]))
        self._appid = appid.encode()

    def decrypt(self, encrypted: str) -> str:
        """Return the text in an `Encrypt` field.

        Raises:
            PushRefused: bad_cipher for damaged data or another key, wrong_appid when
                the text was meant for another account.
        """
        decryptor = self._cipher.decryptor()
        frame = _unpadded(decryptor.update(_blocks(encrypted)) + decryptor.finalize())
        end = _HEADER + int.from_bytes(frame[_RANDOM:_HEADER], "big")
        if len(frame) < end:
            raise PushRefused("bad_cipher")
        if not hmac.compare_digest(frame[end:], self._appid):
            raise PushRefused("wrong_appid")
        try:
            return frame[_HEADER:end].decode()
        except UnicodeDecodeError:
            raise PushRefused("bad_cipher") from None

    def encrypt(self, text: str, random: bytes | None = None) -> str:
        """Return text as an `Encrypt` field.

        Args:
            text: The reply, JSON or XML.
            random: The 16 bytes the frame starts with; fresh ones by default.
        """
        start = secrets.token_bytes(_RANDOM) if random is None else random
        if len(start) != _RANDOM:
            raise ValueError(f"random must have {_RANDOM} bytes")
        content = text.encode()
        frame = start + len(content).to_bytes(4, "big") + content + self._appid
        missing = _BLOCK - len(frame) % _BLOCK
        encryptor = self._cipher.encryptor()
        encrypted = encryptor.update(frame + bytes([missing]) * missing) + encryptor.finalize()
        return base64.b64encode(encrypted).decode()


def _key(encoding_aes_key: str) -> bytes:
    """Return the 32 bytes of an EncodingAESKey. Raises ValueError with the remedy."""
    try:
        # Not validating: the last character may carry bits that no byte takes up.
        key = base64.b64decode(encoding_aes_key + "=")
    except ValueError:
        key = b""
    if len(encoding_aes_key) != _KEY_LENGTH or len(key) != _KEY_BYTES:
        raise ValueError(
            f"EncodingAESKey 应为 {_KEY_LENGTH} 个字母或数字，请从微信后台「消息推送」重新复制"
        )
    return key


def _blocks(encrypted: str) -> bytes:
    try:
        data = base64.b64decode(encrypted, validate=True)
    except ValueError:
        raise PushRefused("bad_cipher") from None
    if not data or len(data) % _AES_BLOCK:
        raise PushRefused("bad_cipher")
    return data


def _unpadded(data: bytes) -> bytes:
    count = data[-1]
    if not 1 <= count <= _BLOCK or data[-count:] != data[-1:] * count:
        raise PushRefused("bad_cipher")
    if len(data) < count + _HEADER:
        raise PushRefused("bad_cipher")
    return data[:-count]
