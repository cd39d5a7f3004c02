"""The environment, and the file that keeps secrets."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kefu.environment import (
    SECRETS_FILE,
    VARIABLES,
    EnvironmentProblem,
    environment,
    read_environment,
    secret,
    secret_bytes,
)
from tests.model import PROJECT


def test_defaults() -> None:
    place = read_environment({"KEFU_HOME": str(PROJECT)})
    assert place.home == PROJECT
    assert place.var == PROJECT / "var"
    assert place.database_url == f"sqlite:///{PROJECT / 'var/kefu.db'}"
    assert place.rasa_url == "http://127.0.0.1:5005"
    assert place.shop_url == "http://127.0.0.1:5056"


def test_variables_win() -> None:
    place = read_environment(
        {
            "KEFU_HOME": str(PROJECT),
            "KEFU_VAR": "/srv/kefu",
            "KEFU_DATABASE_URL": "postgresql://db/kefu",
            "KEFU_SHOP_PORT": "6000",
            "KEFU_HOST": "0.0.0.0",
            "KEFU_LOG_LEVEL": "debug",
        }
    )
    assert place.var == Path("/srv/kefu")
    assert place.database_url == "postgresql://db/kefu"
    assert place.shop_url == "http://0.0.0.0:6000"
    assert place.log_level == "DEBUG"


def test_empty_variable_counts_as_none() -> None:
    assert read_environment({variable.name: "" for variable in VARIABLES}).rasa_port == 5005


def test_home_is_found_from_a_folder_of_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT / "data/nlu")
    assert read_environment({}).home == PROJECT


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "5005.0", " "])
@pytest.mark.parametrize("name", ["KEFU_RASA_PORT", "KEFU_ACTIONS_PORT", "KEFU_SHOP_PORT"])
def test_bad_port_names_the_variable_and_the_remedy(name: str, port: str) -> None:
    with pytest.raises(EnvironmentProblem, match=f"{name}=.*请填 1 到 65535 的整数"):
        read_environment({name: port})


def test_every_variable_says_what_it_is_for() -> None:
    assert all(variable.purpose for variable in VARIABLES)


def test_secret_is_made_once_and_kept_from_others(fresh_home: Path) -> None:
    first = secret("data_key")
    assert secret("data_key") == first
    assert secret("pseudonym_key") != first
    assert len(secret_bytes("data_key")) == 32
    file = fresh_home / SECRETS_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["data_key"] == first


def test_secret_of_the_environment_wins(fresh_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = secret("shop_api_key"), secret("rest_token_miniprogram")
    monkeypatch.setenv("KEFU_SHOP_API_KEY", "from-outside")
    monkeypatch.setenv("KEFU_REST_TOKEN_MINIPROGRAM", "token-from-outside")
    assert secret("shop_api_key") == "from-outside"
    assert secret("rest_token_miniprogram") == "token-from-outside"
    monkeypatch.setenv("KEFU_SHOP_API_KEY", "")
    monkeypatch.delenv("KEFU_REST_TOKEN_MINIPROGRAM")
    assert (secret("shop_api_key"), secret("rest_token_miniprogram")) == stored


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_file_that_others_can_read_is_refused(fresh_home: Path, mode: int) -> None:
    secret("data_key")
    file = fresh_home / SECRETS_FILE
    file.chmod(mode)
    with pytest.raises(EnvironmentProblem, match=f"其他用户可读，请执行 chmod 600 {file}"):
        secret("data_key")


def test_damaged_file_is_not_overwritten(fresh_home: Path) -> None:
    file = fresh_home / SECRETS_FILE
    file.write_text("{")
    file.chmod(0o600)
    with pytest.raises(EnvironmentProblem, match="不是有效的 JSON，请从备份恢复它"):
        secret("data_key")
    assert file.read_text() == "{"


@pytest.mark.parametrize("value", ["短", "c2hvcnQ=", "x" * 43])
def test_key_of_another_length_is_refused(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("KEFU_DATA_KEY", value)
    with pytest.raises(EnvironmentProblem, match="密钥 data_key 应为 32 字节的 base64"):
        secret_bytes("data_key")


def test_first_starts_at_the_same_time_make_one_key(fresh_home: Path) -> None:
    environment()
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secret("app_key"), range(24)))
    assert len(keys) == 1
