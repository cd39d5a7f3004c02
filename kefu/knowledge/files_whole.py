"""Writing one file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from threading import get_ident

from kefu.knowledge.journal import NotWritable, sync


def write_whole(file: Path, content: bytes) -> None:
    """Write a file beside the old one and put it in its place.

    Raises:
        NotWritable: What was there stays.
    """
    # Two threads that write the same file each have a draft of their own.
    draft = file.with_name(f".{file.name}.{os.getpid()}-{get_ident()}.new")
    try:
        with open(draft, "wb") as handle:
            if file.exists():
                os.fchmod(handle.fileno(), file.stat().st_mode & 0o777)
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        draft.replace(file)
        sync(file.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        reason = error.strerror or type(error).__name__
        raise NotWritable(f"无法写入 {file}（{reason}）：请检查文件夹、权限和磁盘空间") from None
