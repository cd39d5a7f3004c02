"""A file that several write at once is at any moment what one of them wrote."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kefu.knowledge.files_whole import write_whole


def test_threads_that_write_the_same_file_do_not_meet(tmp_path: Path) -> None:
    file = tmp_path / "assistant.png"
    texts = [bytes([65 + number]) * 50_000 for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        written = [threads.submit(write_whole, file, text) for text in texts * 5]
        for one in written:
            one.result()
            assert file.read_bytes() in texts
    assert [*tmp_path.iterdir()] == [file]
