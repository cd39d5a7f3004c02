"""The certificate that visitors of the public address are shown."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import timezone
from urllib.parse import urlsplit

from cryptography import x509

_TIMEOUT = 5.0
_PORT = 443
_REASONS = {
    "certificate has expired": "已过期",
    "self-signed certificate": "是自签名的，浏览器和微信不接受",
    "unable to get local issuer certificate": "缺少中间证书，或签发者不受信任",
    "Hostname mismatch": "不是这个域名的",
    "IP address mismatch": "不是这个地址的",
}


@dataclass(frozen=True)
class Certificate:
    """A certificate: when it ends (UTC seconds), and why visitors refuse it, "" if they do not."""

    ends_at: float
    refused: str


class CertificateUnreachable(OSError):
    """Raised when the address shows no certificate."""


def certificate(url: str) -> Certificate | None:
    """Return the certificate of an https address, None for another one.

    Raises:
        CertificateUnreachable: Nobody answers there, or not with TLS.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return None
    host, port = parts.hostname, parts.port or _PORT
    try:
        shown = x509.load_der_x509_certificate(_shown(host, port))
        refused = _refused(host, port)
    except (OSError, ValueError) as error:
        raise CertificateUnreachable(f"{host}:{port} 连不上，或没有启用 HTTPS") from error
    return Certificate(shown.not_valid_after_utc.astimezone(timezone.utc).timestamp(), refused)


def _shown(host: str, port: int) -> bytes:
    """Return the certificate, whether it is good or not."""
    anything = ssl.create_default_context()
    anything.check_hostname = False
    anything.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((host, port), _TIMEOUT) as connection,
        anything.wrap_socket(connection, server_hostname=host) as secured,
    ):
        return secured.getpeercert(binary_form=True) or b""


def _refused(host: str, port: int) -> str:
    strict = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), _TIMEOUT) as connection,
            strict.wrap_socket(connection, server_hostname=host),
        ):
            return ""
    except ssl.SSLCertVerificationError as error:
        said = error.verify_message
        return next(
            (text for known, text in _REASONS.items() if known in said), f"不可信（{said}）"
        )
