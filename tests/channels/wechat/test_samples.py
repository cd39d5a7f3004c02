"""The protocol modules against the sample pushes and vectors beside the checkout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kefu.channels.wechat.accounts import Account
from kefu.channels.wechat.cipher import PushCipher
from kefu.channels.wechat.passive import render, transfer
from kefu.channels.wechat.pushes import dedupe_key, open_push, parse_body, read_push
from kefu.channels.wechat.signature import Freshness, message_signature, plain_signature

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "wechat_samples"
EXPECTED = sorted(SAMPLES.glob("*/*.expected.json"))

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="shared/wechat_samples is not beside the checkout"
)


def vectors(kind: str) -> list[Any]:
    file = SAMPLES / "crypto" / "vectors.json"
    read = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    return [pytest.param(v, id=v["name"]) for v in read if v["kind"] == kind]


def cipher_of(vector: dict[str, Any]) -> PushCipher:
    return PushCipher(vector["encoding_aes_key"], vector["appid"])


def test_samples_of_every_kind_are_there() -> None:
    assert {file.parent.name for file in EXPECTED} == {"mp_json", "mp_xml", "oa_xml"}


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_sample_is_read_as_another_parser_does(expected: Path) -> None:
    wanted = json.loads(expected.read_text(encoding="utf-8"))
    sample = expected.with_name(expected.name.replace("expected.json", wanted["format"]))
    fields, body_format = parse_body(sample.read_bytes())
    assert (fields, body_format) == (wanted["fields"], wanted["format"])
    push = read_push(fields, body_format)
    assert push.openid == wanted["fields"]["FromUserName"]
    assert push.to == wanted["fields"]["ToUserName"]
    assert push.created_at == int(wanted["fields"]["CreateTime"])
    assert push.msg_id == str(wanted["fields"].get("MsgId", ""))
    assert push.event == wanted["fields"].get("Event", "").lower()
    assert 0 < len(dedupe_key(push)) <= 100


@pytest.mark.parametrize("vector", vectors("signature"))
def test_vector_of_a_signature(vector: dict[str, Any]) -> None:
    signed = plain_signature(vector["token"], vector["timestamp"], vector["nonce"])
    assert signed == vector["signature"]


@pytest.mark.parametrize("vector", vectors("encrypt"))
def test_vector_is_encrypted_signed_and_opened(vector: dict[str, Any]) -> None:
    cipher = cipher_of(vector)
    assert cipher.encrypt(vector["msg"], vector["random"].encode()) == vector["encrypt"]
    assert cipher.decrypt(vector["encrypt"]) == vector["msg"]
    signed = message_signature(
        vector["token"], vector["timestamp"], vector["nonce"], vector["encrypt"]
    )
    assert signed == vector["msg_signature"]


@pytest.mark.parametrize("vector", vectors("decrypt"))
def test_vector_is_opened_as_a_push(vector: dict[str, Any]) -> None:
    query = vector["query"]
    body = vector.get("body") or {"Encrypt": vector["encrypt"]}
    text = vector["plaintext"]
    assert cipher_of(vector).decrypt(body["Encrypt"]) == text
    account = Account(
        "shop", "miniprogram", vector["appid"], "", vector["token"], vector["encoding_aes_key"]
    )
    freshness = Freshness(clock=lambda: float(query["timestamp"]))
    sealed = render(body, "json").encode()
    push = open_push(account, query, sealed, cipher_of(vector), freshness)
    assert push is not None
    assert push.fields == parse_body(text.encode())[0]


@pytest.mark.parametrize(
    ("name", "agent"), [("transfer.xml", None), ("transfer_to_agent.xml", "test1@test")]
)
def test_transfer_is_the_sample(name: str, agent: str | None) -> None:
    push = read_push({"ToUserName": "fromuser", "FromUserName": "touser"}, "xml")
    sample = (SAMPLES / "passive_replies" / name).read_text(encoding="utf-8")
    assert render(transfer(push, agent, 1399197672), "xml") == sample.strip()
