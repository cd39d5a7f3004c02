"""The cipher of pushes, against the documentation's vectors and damaged data."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from kefu.channels.wechat.cipher import PushCipher
from kefu.channels.wechat.signature import PushRefused

KEY = "A" * 43
APPID = "wxba5fad812f8e6fb9"


@pytest.fixture
def cipher() -> PushCipher:
    return PushCipher(KEY, APPID)


def encrypted_as_it_is(padded: bytes) -> str:
    """Encrypt bytes without framing or padding them, as a broken sender would."""
    encryptor = Cipher(AES(bytes(32)), CBC(bytes(16))).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def frame(
    message: bytes = b"hello", appid: bytes = APPID.encode(), length: int | None = None
) -> bytes:
    size = len(message) if length is None else length
    return b"r" * 16 + size.to_bytes(4, "big") + message + appid


def padded(data: bytes) -> bytes:
    count = 32 - len(data) % 32
    return data + bytes([count]) * count


def refusal(cipher: PushCipher, encrypted: str) -> str:
    with pytest.raises(PushRefused) as refused:
        cipher.decrypt(encrypted)
    return refused.value.reason


def test_reply_is_encrypted_as_in_the_official_documentation(cipher: PushCipher) -> None:
    encrypted = cipher.encrypt('{"demo_resp":"good luck"}', b"707722b803182950")
    assert encrypted == (
        "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    )
    assert cipher.decrypt(encrypted) == '{"demo_resp":"good luck"}'


def test_chinese_is_encrypted_as_another_library_does() -> None:
    cipher = PushCipher("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wxb11529c136998cb6")
    encrypted = cipher.encrypt("我是中文abcd123", b"aaaabbbbccccdddd")
    assert encrypted == (
        "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
    )
    assert cipher.decrypt(encrypted) == "我是中文abcd123"


@pytest.mark.parametrize("length", range(64))
def test_every_length_of_padding_comes_back(cipher: PushCipher, length: int) -> None:
    assert cipher.decrypt(cipher.encrypt("x" * length)) == "x" * length


def test_same_text_is_encrypted_differently_each_time(cipher: PushCipher) -> None:
    assert cipher.encrypt("你好") != cipher.encrypt("你好")


def test_key_whose_last_character_has_spare_bits_is_accepted() -> None:
    # B differs from A in bits that no byte of the key takes up.
    spare = PushCipher("A" * 42 + "B", APPID)
    assert PushCipher(KEY, APPID).decrypt(spare.encrypt("你好")) == "你好"


@pytest.mark.parametrize("key", ["", "A" * 42, "A" * 44, "A" * 42 + "=", "-" * 43, "钥" * 43])
def test_key_that_is_none_says_where_to_copy_it(key: str) -> None:
    with pytest.raises(ValueError, match="EncodingAESKey 应为 43 个字母或数字"):
        PushCipher(key, APPID)


def test_random_of_another_length_is_a_mistake_of_the_caller(cipher: PushCipher) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        cipher.encrypt("x", b"short")


@pytest.mark.parametrize("appid", [b"", b"wx0000000000000000", APPID.encode() + b"x", b"\xff"])
def test_text_for_another_account_is_refused(cipher: PushCipher, appid: bytes) -> None:
    encrypted = encrypted_as_it_is(padded(frame(appid=appid)))
    assert refusal(cipher, encrypted) == "wrong_appid"


def test_text_under_another_key_is_refused(cipher: PushCipher) -> None:
    assert refusal(cipher, PushCipher("B" * 43, APPID).encrypt("你好")) == "bad_cipher"


@pytest.mark.parametrize(
    "encrypted",
    ["", "=", "A", "not base64!", "加密", "\ud800", "AAAA", "A" * 21 + "=", "QUJD\nQUJD"],
)
def test_what_is_no_ciphertext_is_refused(cipher: PushCipher, encrypted: str) -> None:
    assert refusal(cipher, encrypted) == "bad_cipher"


@pytest.mark.parametrize("cut", [1, 4, 16, 20, 40])
def test_truncated_ciphertext_is_refused(cipher: PushCipher, cut: int) -> None:
    assert refusal(cipher, cipher.encrypt("x" * 60)[:-cut]) == "bad_cipher"


@pytest.mark.parametrize(
    "data",
    [
        frame()[:16] + bytes(16),
        b"x" * 31 + b"\x21",
        b"x" * 30 + b"\x03\x02",
        b"\x20" * 32,
        bytes([16]) * 16,
    ],
    ids=["zero", "beyond the block", "not all equal", "nothing but padding", "no room for a frame"],
)
def test_wrong_padding_is_refused(cipher: PushCipher, data: bytes) -> None:
    assert refusal(cipher, encrypted_as_it_is(data)) == "bad_cipher"


@pytest.mark.parametrize("length", [24, 1000, 2**31, 2**32 - 1])
def test_length_beyond_the_text_is_refused(cipher: PushCipher, length: int) -> None:
    encrypted = encrypted_as_it_is(padded(frame(length=length)))
    assert refusal(cipher, encrypted) == "bad_cipher"


def test_length_that_gives_text_to_the_appid_is_refused(cipher: PushCipher) -> None:
    assert refusal(cipher, encrypted_as_it_is(padded(frame(length=4)))) == "wrong_appid"


def test_text_that_is_not_utf_8_is_refused(cipher: PushCipher) -> None:
    encrypted = encrypted_as_it_is(padded(frame(b"\xff\xfe")))
    assert refusal(cipher, encrypted) == "bad_cipher"
