"""The one place that reads the environment, and the file that keeps secrets."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kefu.errors import KefuError

SECRETS_FILE = "secrets.json"


class EnvironmentProblem(KefuError):
    """Raised when a variable or the secrets file cannot be used."""


@dataclass(frozen=True)
class Variable:
    """One environment variable: its name, its default and what it is for."""

    name: str
    default: str
    purpose: str


VARIABLES = (
    Variable("KEFU_HOME", "", "项目目录；默认为 settings.yml 所在的目录"),
    Variable("KEFU_VAR", "", "数据目录；默认为项目目录下的 var"),
    Variable("KEFU_DATABASE_URL", "", "数据库地址；默认为数据目录下的 SQLite 文件"),
    Variable("KEFU_HOST", "127.0.0.1", "Rasa、工作台和演示商城监听的地址"),
    Variable("KEFU_RASA_PORT", "5005", "Rasa 的端口"),
    Variable("KEFU_ACTIONS_PORT", "5055", "动作服务的端口（只监听本机）"),
    Variable("KEFU_SHOP_PORT", "5056", "演示商城的端口"),
    Variable("KEFU_SHOP_URL", "", "商家订单系统的地址；默认为演示商城"),
    Variable("KEFU_WECHAT_PORT", "5057", "接收微信推送的端口，nginx 把微信的推送转到这里"),
    Variable("KEFU_WECHAT_DOUBLE_PORT", "5058", "微信模拟平台的端口"),
    Variable("KEFU_CONSOLE_PORT", "5059", "客服工作台的端口"),
    Variable("KEFU_WECHAT_API_URL", "https://api.weixin.qq.com", "微信接口的地址"),
    Variable("KEFU_SHELL_CUSTOMER", "o_demo_0001", "rasa shell 里扮演的顾客 openid"),
    Variable("KEFU_LOG_LEVEL", "INFO", "日志级别"),
)

# Secrets: variable of the environment -> key in the secrets file. Each is made
# at the first start unless the environment gives it.
SECRETS = {
    "KEFU_DATA_KEY": "data_key",
    "KEFU_PSEUDONYM_KEY": "pseudonym_key",
    "KEFU_SHOP_API_KEY": "shop_api_key",
    "KEFU_SHOP_API_SECRET": "shop_api_secret",
    "KEFU_INTERNAL_TOKEN": "internal_token",
    "KEFU_HELPDESK_SECRET": "helpdesk_secret",
    "KEFU_METRICS_TOKEN": "metrics_token",
}
# Holds a key, so it is a secret; there is none unless the environment gives it.
ALERT_WEBHOOK = "KEFU_ALERT_WEBHOOK"
BACKEND_TOKEN_PREFIX = "KEFU_REST_TOKEN_"
# KEFU_WECHAT_<ACCOUNT>_<FIELD>: what the console of WeChat shows of an account.
WECHAT_PREFIX = "KEFU_WECHAT_"
WECHAT_FIELDS = {
    "APPID": "AppID",
    "SECRET": "AppSecret",
    "TOKEN": "消息推送的 Token（令牌）",
    "AES_KEY": "消息推送的 EncodingAESKey（43 个字符）",
    "MODE": "消息加密方式：plain、compatible 或 safe，优先于 credentials.yml",
    "FORMAT": "数据格式：json、xml 或 auto，优先于 credentials.yml",
}


@dataclass(frozen=True)
class Environment:
    """Everything that differs between two installations.

    Attributes:
        home: Project directory, the one with settings.yml.
        var: Directory for the database, logs and the secrets file.
        database_url: SQLAlchemy URL.
        host: Address that Rasa and the demo shop listen on.
        rasa_port, actions_port, shop_port, wechat_port, wechat_double_port,
            console_port: TCP ports.
        shop_url: Base URL of the merchant's order system.
        wechat_api_url: Base URL of WeChat's API for accounts with an AppID of their own.
        shell_customer: openid that `rasa shell` plays.
        log_level: Level name of the logging module.
    """

    home: Path
    var: Path
    database_url: str
    host: str
    rasa_port: int
    actions_port: int
    shop_port: int
    wechat_port: int
    wechat_double_port: int
    console_port: int
    shop_url: str
    wechat_api_url: str
    shell_customer: str
    log_level: str

    @property
    def rasa_url(self) -> str:
        """Return the base URL of the Rasa server."""
        return f"http://{self.host}:{self.rasa_port}"

    @property
    def wechat_url(self) -> str:
        """Return the base URL under which this machine reaches the receiver of pushes."""
        return f"http://{reachable(self.host)}:{self.wechat_port}"

    @property
    def wechat_double_url(self) -> str:
        """Return the base URL of the WeChat double."""
        return f"http://{reachable(self.host)}:{self.wechat_double_port}"

    @property
    def console_url(self) -> str:
        """Return the base URL under which this machine reaches the console."""
        return f"http://{reachable(self.host)}:{self.console_port}"


def reachable(host: str) -> str:
    """Return the address under which this machine reaches what listens on `host`."""
    known = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}
    return known.get(host, f"[{host}]" if ":" in host and not host.startswith("[") else host)


def read_environment(variables: Mapping[str, str]) -> Environment:
    """Build the environment from `variables`. Raises EnvironmentProblem."""
    value = {v.name: variables.get(v.name) or v.default for v in VARIABLES}
    home = Path(value["KEFU_HOME"] or _find_home()).resolve()
    var = Path(value["KEFU_VAR"] or home / "var").resolve()
    host = value["KEFU_HOST"]
    shop_port = _port(value, "KEFU_SHOP_PORT")
    return Environment(
        home=home,
        var=var,
        database_url=value["KEFU_DATABASE_URL"] or f"sqlite:///{var / 'kefu.db'}",
        host=host,
        rasa_port=_port(value, "KEFU_RASA_PORT"),
        actions_port=_port(value, "KEFU_ACTIONS_PORT"),
        shop_port=shop_port,
        wechat_port=_port(value, "KEFU_WECHAT_PORT"),
        wechat_double_port=_port(value, "KEFU_WECHAT_DOUBLE_PORT"),
        console_port=_port(value, "KEFU_CONSOLE_PORT"),
        shop_url=value["KEFU_SHOP_URL"] or f"http://{host}:{shop_port}",
        wechat_api_url=_url(value, "KEFU_WECHAT_API_URL"),
        shell_customer=value["KEFU_SHELL_CUSTOMER"],
        log_level=value["KEFU_LOG_LEVEL"].upper(),
    )


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return this process's environment, read once."""
    return read_environment(os.environ)


def secret(key: str) -> str:
    """Return one secret by its key in the secrets file; the environment wins.

    The file is made with mode 0600 when it is missing, a missing key is added.

    Raises:
        EnvironmentProblem: The file is readable by others or is not JSON.
    """
    for variable, name in SECRETS.items():
        if name == key and os.environ.get(variable):
            return os.environ[variable]
    if key.startswith("rest_token_"):
        given = os.environ.get(BACKEND_TOKEN_PREFIX + key[len("rest_token_") :].upper())
        if given:
            return given
    return _stored_secret(environment().var / SECRETS_FILE, key)


def alert_webhook() -> str | None:
    """Return the address that alerts are sent to, None where none is configured.

    Raises:
        EnvironmentProblem: It is no address; the text does not repeat it.
    """
    url = os.environ.get(ALERT_WEBHOOK, "").strip()
    if url and not url.startswith(("https://", "http://")):
        raise EnvironmentProblem(f"环境变量 {ALERT_WEBHOOK} 不是网址，请从群机器人的页面重新复制")
    return url or None


def wechat_value(account: str, field: str) -> str | None:
    """Return what the environment says of a WeChat account; `field` is one of WECHAT_FIELDS."""
    # Copying from a web page brings blanks along.
    return os.environ.get(f"{WECHAT_PREFIX}{account.upper()}_{field}", "").strip() or None


def secret_bytes(key: str) -> bytes:
    """Return a 32-byte secret. Raises EnvironmentProblem when it is not one."""
    try:
        value = base64.urlsafe_b64decode(secret(key))
    except ValueError:
        value = b""
    if len(value) != 32:
        raise EnvironmentProblem(f"密钥 {key} 应为 32 字节的 base64（urlsafe）文本")
    return value


def child_environment(**changes: str) -> dict[str, str]:
    """Return a copy of the environment for a child process."""
    return {**os.environ, **changes}


def _stored_secret(file: Path, key: str) -> str:
    # The lock file keeps two processes of the first start from each making a key.
    import fcntl

    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(file.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stored = _read_secrets(file)
        if key not in stored:
            stored[key] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
            _write_secrets(file, stored)
        return stored[key]


def _read_secrets(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    if file.stat().st_mode & 0o077:
        raise EnvironmentProblem(f"{file} 其他用户可读，请执行 chmod 600 {file}")
    try:
        stored: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        raise EnvironmentProblem(f"{file} 不是有效的 JSON，请从备份恢复它") from None
    return stored


def _write_secrets(file: Path, stored: dict[str, str]) -> None:
    draft = file.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        json.dump(stored, handle, indent=2)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(file)


def _find_home() -> Path:
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "settings.yml").is_file() and (folder / "config.yml").is_file():
            return folder
    return Path(__file__).resolve().parent.parent


def _url(value: Mapping[str, str], name: str) -> str:
    if not value[name].startswith(("https://", "http://")):
        raise EnvironmentProblem(
            f"环境变量 {name}={value[name]!r} 不是网址，请以 https:// 或 http:// 开头"
        )
    return value[name].rstrip("/")


def _port(value: Mapping[str, str], name: str) -> int:
    text = value[name]
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise EnvironmentProblem(f"环境变量 {name}={text!r} 不是端口号，请填 1 到 65535 的整数")
    return int(text)
