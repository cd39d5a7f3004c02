"""What is encrypted at rest, and what happens with another key."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import insert, select, text

from kefu.storage.encryption import Cipher, DecryptionError, data_cipher
from kefu.storage.engine import reading, writing
from kefu.storage.tables import media

ROW = {
    "message": 1,
    "conversation": "c1",
    "channel": "wechat:shop",
    "source": "{}",
    "state": "stored",
    "attempts": 0,
    "next_at": 1.0,
    "created_at": 1.0,
}


@pytest.mark.parametrize(
    "content",
    [None, b"", b"\0\xff\xfe", b"\xff\xd8\xff" + bytes(range(256)) * 4000],
    ids=["none", "empty", "short", "a megabyte"],
)
def test_bytes_come_back_as_they_were(database: str, content: bytes | None) -> None:
    with writing() as connection:
        connection.execute(insert(media).values(content=content, **ROW))
    with reading() as connection:
        assert connection.execute(select(media.c.content)).scalar_one() == content


def test_a_picture_is_not_readable_in_the_database(database: str) -> None:
    picture = b"\xff\xd8\xff picture of a parcel"
    with writing() as connection:
        connection.execute(insert(media).values(content=picture, **ROW))
    with reading() as connection:
        raw = bytes(connection.execute(text("SELECT content FROM media")).scalar_one())
    assert b"parcel" not in raw
    assert len(raw) == len(picture) + 29


def test_the_same_bytes_never_look_the_same() -> None:
    cipher = Cipher(os.urandom(32))
    assert cipher.encrypt_bytes(b"x") != cipher.encrypt_bytes(b"x")


@pytest.mark.parametrize("damage", ["key", "flip", "cut", "empty", "version"])
def test_damaged_bytes_are_refused_with_the_remedy(damage: str) -> None:
    cipher = Cipher(os.urandom(32))
    sealed = cipher.encrypt_bytes(b"\xff\xd8\xff")
    damaged = {
        "key": sealed,
        "flip": sealed[:-1] + bytes([sealed[-1] ^ 1]),
        "cut": sealed[:5],
        "empty": b"",
        "version": b"\x02" + sealed[1:],
    }[damage]
    reader = Cipher(os.urandom(32)) if damage == "key" else cipher
    with pytest.raises(DecryptionError, match="KEFU_DATA_KEY"):
        reader.decrypt_bytes(damaged)


def test_text_and_bytes_share_one_cipher(database: str) -> None:
    sealed = data_cipher().encrypt("在吗")
    assert data_cipher().decrypt_bytes(sealed).decode() == data_cipher().decrypt(sealed) == "在吗"
