"""One finding, and looking so that nothing raises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from kefu.errors import FileProblems, KefuError

_SHOWN_PROBLEMS = 3


@dataclass(frozen=True)
class Finding:
    """What one look showed.

    Attributes:
        name: What was looked at.
        ok: Whether it is as it should be.
        text: What was found.
        remedy: What to do; "" when there is nothing to do.
        page: Where in the console it is done or seen; "" when nowhere.
        more: Particulars that only the page shows.
        known: Whether the look is done; where it is not, `ok` says nothing.
    """

    name: str
    ok: bool
    text: str
    remedy: str = ""
    page: str = ""
    more: str = ""
    known: bool = True


@dataclass(frozen=True)
class Look:
    """One look.

    Attributes:
        name: What is looked at.
        run: Looks.
        keep: For how many seconds what it found is good enough for a page.
        follows: Returns the state of what alone decides what is found, where that is known:
            while it is the same, so is what is found.
    """

    name: str
    run: Callable[[str], Finding | list[Finding]]
    keep: float = 5.0
    follows: Callable[[], object] | None = None

    def findings(self) -> list[Finding]:
        """Look. What cannot be looked at is a finding too."""
        return looked_at(self.name, self.run)

    def state(self) -> object:
        """Return the state of what it follows, None where that cannot be told."""
        try:
            return self.follows() if self.follows else None
        except OSError:
            return None  # a file went away this very moment


def looked_at(name: str, look: Callable[[str], Finding | list[Finding]]) -> list[Finding]:
    """Return what a look finds, or why it cannot be done."""
    try:
        found = look(name)
    except FileProblems as error:
        return [_file_problems(name, error)]
    except KefuError as error:
        return [Finding(name, False, str(error), "按上面的提示处理")]
    except SQLAlchemyError as error:
        # The text of a database error may hold values of a customer.
        return [
            Finding(
                name,
                False,
                f"数据库出错（{type(error).__name__}）",
                "检查数据库服务、磁盘和 KEFU_DATABASE_URL；文件损坏时从备份恢复",
            )
        ]
    except OSError as error:
        text = f"{error.filename}：{error.strerror}" if error.filename else str(error)
        return [Finding(name, False, text, "检查文件、权限和网络")]
    return found if isinstance(found, list) else [found]


def _file_problems(name: str, error: FileProblems) -> Finding:
    shown = [str(problem) for problem in error.problems[:_SHOWN_PROBLEMS]]
    hidden = len(error.problems) - len(shown)
    if hidden:
        shown.append(f"还有 {hidden} 处")
    return Finding(name, False, "\n".join(shown), "按文件和行号改正")
