"""The certificate of the public address: when it ends, and whether it is believed."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kefu.alerts.machine_rules import look_at_certificate
from kefu.alerts.signals import NothingToTell
from kefu.doctoring.machine import look_at_certificate as finding
from kefu.metrics.certificate import CertificateUnreachable, certificate

DAYS = 10


def _pem(folder: Path, days: int) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(timezone.utc)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=100))
        .not_valid_after(now + timedelta(days=days, minutes=5))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


class Server(threading.Thread):
    """Shakes hands with whoever comes."""

    def __init__(self, pem: Path) -> None:
        super().__init__(daemon=True)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pem)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.listening.getsockname()[1]}"

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            try:
                self._context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()


@pytest.fixture(params=[DAYS])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Give a server whose certificate ends in so many days."""
    served = Server(_pem(tmp_path, request.param))
    served.start()
    yield served
    served.listening.close()


def trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Believe the server's certificate, as browsers believe a bought one."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))


def test_days_left_are_told(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted(monkeypatch, tmp_path)
    found = certificate(server.url)
    assert found is not None and found.refused == ""
    left = datetime.fromtimestamp(found.ends_at, timezone.utc) - datetime.now(timezone.utc)
    assert left.days == DAYS


def test_self_signed_one_is_refused_with_the_reason(server: Server) -> None:
    found = certificate(server.url)
    assert found is not None and "自签名" in found.refused


@pytest.mark.parametrize("server", [-1], indirect=True)
def test_one_that_is_over_is_refused(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted(monkeypatch, tmp_path)
    found = certificate(server.url)
    assert found is not None and found.refused == "已过期"


def test_limit_of_days_is_compared(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: Any
) -> None:
    trusted(monkeypatch, tmp_path)
    limits(public_url=server.url, certificate_days=DAYS - 1)
    now = datetime.now(timezone.utc).timestamp()
    assert not look_at_certificate(now)[0].on and finding("证书")[0].ok
    limits(public_url=server.url, certificate_days=DAYS + 1)
    (signal,) = look_at_certificate(now)
    assert signal.on and f"还有 {DAYS} 天" in signal.text
    (found,) = finding("证书")
    assert not found.ok and found.remedy


def test_address_that_does_not_answer_is_not_a_bad_certificate(limits: Any) -> None:
    limits(public_url="https://127.0.0.1:1")
    with pytest.raises(NothingToTell):
        look_at_certificate(0.0)
    with pytest.raises(CertificateUnreachable, match="连不上"):
        certificate("https://127.0.0.1:1")


def test_address_without_tls_has_none() -> None:
    assert certificate("http://127.0.0.1:1") is None
