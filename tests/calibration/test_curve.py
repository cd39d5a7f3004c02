"""The picture: both curves, both points, and text that a browser can draw in Chinese."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from kefu.calibration.costs import Examples, Prices, Thresholds
from kefu.calibration.curve import draw

PRESENT = Thresholds(0.5, 0.1, 0.06)
CHOSEN = Thresholds(0.72, 0.1, 0.06)


def examples(outside: int) -> Examples:
    first = np.linspace(0.1, 1, 40)
    scores = np.stack([first, (1 - first) / 2], axis=1)
    right = np.zeros(scores.shape, bool)
    right[::2, 0] = True
    return Examples.of(scores, right, np.ones(scores.shape, bool), np.arange(40) < outside)


def texts(file: Path) -> list[str]:
    return ["".join(found.itertext()) for found in ElementTree.parse(file).iter() if is_text(found)]


def is_text(found: ElementTree.Element) -> bool:
    return found.tag.endswith("}text")


def drawn(folder: Path, found: Examples, chosen: Thresholds = CHOSEN) -> Path:
    file = folder / "results" / "calibration.svg"
    draw(found, PRESENT, chosen, Prices(5, 0.4), 0.05, file)
    return file


def test_axes_curves_and_points_are_named_in_chinese(tmp_path: Path) -> None:
    said = texts(drawn(tmp_path, examples(outside=10)))
    assert {"直接回答（占范围内的问题）", "答错、误答"} <= set(said)
    assert {"答错（占范围内的问题）", "误答（占范围外的话）", "误答的上限"} <= set(said)
    assert {"现在 0.5", "建议 0.72"} <= set(said)


def test_every_text_names_fonts_with_chinese_characters(tmp_path: Path) -> None:
    root = ElementTree.parse(drawn(tmp_path, examples(outside=10))).getroot()
    styles = [found.get("style") or "" for found in root.iter() if is_text(found)]
    assert styles
    assert all(re.search(r"Noto Sans CJK SC'.*Microsoft YaHei'.*sans-serif", s) for s in styles)


def test_a_machine_without_chinese_fonts_draws_without_complaints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from matplotlib import font_manager

    only = [f for f in font_manager.fontManager.ttflist if f.name == "DejaVu Sans"]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", only)
    font_manager.fontManager._findfont_cached.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        file = drawn(tmp_path, examples(outside=10))
    font_manager.fontManager._findfont_cached.cache_clear()
    assert "现在 0.5" in texts(file)
    assert not caplog.records


def test_without_messages_out_of_scope_there_is_one_curve(tmp_path: Path) -> None:
    said = texts(drawn(tmp_path, examples(outside=0)))
    assert "答错（占范围内的问题）" in said
    assert not {"误答（占范围外的话）", "误答的上限"} & set(said)


def test_the_best_thresholds_in_use_are_one_point(tmp_path: Path) -> None:
    said = texts(drawn(tmp_path, examples(outside=10), chosen=PRESENT))
    assert "现在的阈值就是最合适的" in said
    assert "现在 0.5" not in said


def test_the_same_figures_give_the_same_file(tmp_path: Path) -> None:
    first = drawn(tmp_path / "a", examples(outside=10)).read_bytes()
    assert drawn(tmp_path / "b", examples(outside=10)).read_bytes() == first
