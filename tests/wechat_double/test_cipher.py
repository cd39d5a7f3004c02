"""The double's cipher, against other implementations of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from wechatpy.crypto import WeChatCrypto

from kefu.wechat_double import cipher

from .conftest import AES_KEY, MINI, TOKEN

VECTORS = (
    Path(__file__).resolve().parents[3] / "shared" / "wechat_samples" / "crypto" / "vectors.json"
)


def test_signature_sorts_what_it_joins() -> None:
    assert cipher.signature("c", "a", "b") == "a9993e364706816aba3e25717850c26c9cd0d89d"


@pytest.mark.parametrize("length", range(70))
def test_decrypts_what_it_encrypted_whatever_the_padding(length: int) -> None:
    text = "字" * (length % 7) + "x" * length
    assert cipher.decrypt(AES_KEY, MINI, cipher.encrypt(AES_KEY, MINI, text)) == text


@pytest.mark.parametrize("text", ["你好", "x" * 500, "😀"])
def test_wechatpy_reads_what_it_encrypted(text: str) -> None:
    content = f"<xml><Content><![CDATA[{text}]]></Content></xml>"
    encrypted = cipher.encrypt(AES_KEY, MINI, content)
    signed = cipher.signature(TOKEN, "1714112445", "42", encrypted)
    crypto = WeChatCrypto(TOKEN, AES_KEY, MINI)
    envelope = f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    assert crypto.decrypt_message(envelope, signed, "1714112445", "42") == content


def test_reads_what_wechatpy_encrypted() -> None:
    sealed = WeChatCrypto(TOKEN, AES_KEY, MINI).encrypt_message("转人工", "42", "1714112445")
    encrypted = sealed.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    assert cipher.decrypt(AES_KEY, MINI, encrypted) == "转人工"
    assert cipher.signature(TOKEN, "1714112445", "42", encrypted) in sealed


@pytest.mark.parametrize(
    "encrypted",
    [
        "",
        "不是",
        "QUJD",
        "A" * 64,
        cipher.encrypt(AES_KEY, "wxsomeoneelse", "你好"),
        cipher.encrypt("B" * 43, MINI, "你好"),
    ],
)
def test_refuses_what_was_not_encrypted_for_the_account(encrypted: str) -> None:
    with pytest.raises(cipher.NotDecipherable):
        cipher.decrypt(AES_KEY, MINI, encrypted)


@pytest.mark.skipif(not VECTORS.exists(), reason="the public vectors are not on this machine")
def test_agrees_with_the_public_vectors() -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    for vector in [one for one in vectors if one["kind"] == "encrypt"]:
        key, appid = vector["encoding_aes_key"], vector["appid"]
        random = vector["random"].encode()
        assert cipher.encrypt(key, appid, vector["msg"], random) == vector["encrypt"]
        parts = (vector["timestamp"], vector["nonce"], vector["encrypt"])
        assert cipher.signature(vector["token"], *parts) == vector["msg_signature"]
    for vector in [one for one in vectors if one["kind"] == "decrypt"]:
        encrypted = vector.get("encrypt") or vector["body"]["Encrypt"]
        opened = cipher.decrypt(vector["encoding_aes_key"], vector["appid"], encrypted)
        assert opened == vector["plaintext"]
