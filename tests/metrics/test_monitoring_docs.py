"""The page about monitoring names what exists."""

from __future__ import annotations

import re

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from kefu.metrics.exposition import Exposition
from kefu.settings import Alerts
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "monitoring.md").read_text(encoding="utf-8")
# What a name of a family may end with in an expression.
_ENDS = ("_total", "_bucket", "_info")


def plain(name: str) -> str:
    for end in _ENDS:
        name = name.removesuffix(end)
    return name


@pytest.mark.usefixtures("fresh_home")
def test_every_metric_is_documented_and_every_documented_one_exists() -> None:
    families = text_string_to_metric_families(Exposition().text().decode())
    given = {plain(family.name) for family in families}
    # Without a backup and a model, as in a fresh checkout, there is nothing to tell of them.
    given |= {"kefu_backup_last_timestamp_seconds"}
    given |= {"kefu_model", "kefu_model_trained_timestamp_seconds"}
    named = {plain(name) for name in re.findall(r"\bkefu_[a-z0-9_]+", PAGE)} - {"kefu_token"}
    assert named == given


def test_every_limit_is_documented() -> None:
    named = set(re.findall(r"`(?:alerts\.)?([a-z0-9_]+)(?:: json)?`", PAGE))
    assert set(Alerts.__fields__) <= named


def test_examples_are_yaml() -> None:
    found = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
    assert [next(iter(block)) for block in found] == ["scrape_configs", "groups"]
