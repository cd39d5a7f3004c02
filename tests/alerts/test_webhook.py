"""A webhook that answers what no robot answers: the message failed, and the key stays secret."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from kefu.alerts import webhook, wording
from tests.alerts.robot import KEY

OK = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def answering(content: bytes) -> Iterator[str]:
    """Give the address of a server that answers one request with these bytes, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(content)

        thread = Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/send?key={KEY}"
        thread.join(10)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (OK + b"Content-Length: 9\r\n\r\n{", "连不上"),
        (OK + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde", "连不上"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "连不上"),
        (b"hello\r\n\r\n", "连不上"),
        (OK + b"Content-Length: 90000\r\n\r\n" + b"[" * 90_000, "不像是企业微信群机器人"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\n\r\n", "HTTP 302"),
    ],
    ids=["broken off", "no gzip", "no chunk", "no answer", "deep", "elsewhere"],
)
def test_answer_that_is_none_is_a_failure_in_words(
    content: bytes, said: str, fresh_home: Path
) -> None:
    with answering(content) as url, pytest.raises(webhook.WebhookFailed, match=said) as failed:
        webhook.post(url, wording.trial())
    assert KEY not in str(failed.value)


@pytest.mark.parametrize("host", ["a" * 300, "[", "...", "a b", "127.0.0.1:99999"])
def test_address_that_is_none_is_a_failure_in_words(host: str, fresh_home: Path) -> None:
    with pytest.raises(webhook.WebhookFailed, match="连不上"):
        webhook.post(f"http://{host}/send?key={KEY}", wording.trial())
