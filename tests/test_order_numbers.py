"""Numbers in what customers type, by the patterns of the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from kefu.order_numbers import PLACEHOLDER, OrderNumber, OrderNumberFinder

FINDER = OrderNumberFinder([r"20\d{14,16}", r"[A-Z]{2,4}\d{10,16}"])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("2026110312345678", ["2026110312345678"]),
        ("２０２６１１０３１２３４５６７８", ["2026110312345678"]),
        ("2026 1103-1234 5678", ["2026110312345678"]),
        ("2026　1103　1234　5678", ["2026110312345678"]),
        ("查sf1234567890123的件", ["SF1234567890123"]),
        ("20261103123456789和2026110487654321", ["20261103123456789", "2026110487654321"]),
        ("123456", []),
        ("92026110312345678901", []),
        ("", []),
    ],
)
def test_find(text: str, values: list[str]) -> None:
    assert [number.value for number in FINDER.find(text)] == values


def test_place_is_that_of_the_text_as_typed() -> None:
    text = "单号２０２６ １１０３ １２３４ ５６７８谢谢"
    assert FINDER.find(text) == [OrderNumber("2026110312345678", 2, 21)]


def test_replace_leaves_the_rest() -> None:
    text = FINDER.replace("查2026110312345678和SF1234567890123", PLACEHOLDER)
    assert text == f"查{PLACEHOLDER}和{PLACEHOLDER}"


def test_patterns_of_the_settings_are_the_default(fresh_home: Path) -> None:
    assert OrderNumberFinder().find("查一下2026110312345678")[0].value == "2026110312345678"


def test_ten_thousand_digits_are_no_number_and_take_no_time() -> None:
    assert FINDER.find("2" * 10_000) == []
    assert FINDER.find("2 " * 5_000) == []
