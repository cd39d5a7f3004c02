"""What can go wrong with a backup."""

from __future__ import annotations

import errno
import sqlite3

from kefu.errors import KefuError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_ROOM = "磁盘空间不够，请清理磁盘，或换一个目录（settings.yml 的 backup.folder，或 --to）"


class BackupError(KefuError):
    """Raised when a backup cannot be made, used or restored; the text holds the remedy."""


class NothingChanged(BackupError):
    """Raised when a database was not replaced, and is as it was before."""


def in_words(error: OSError | sqlite3.Error) -> str:
    """Return what a failed disk operation means (Chinese); it names no customer."""
    if isinstance(error, OSError):
        if error.errno in _FULL:
            return _NO_ROOM
        return f"{error.filename or '文件'}：{error.strerror}，请检查磁盘和权限"
    if "full" in str(error):
        return _NO_ROOM
    return f"数据库文件无法读写（{type(error).__name__}），请检查磁盘，或从备份恢复"
