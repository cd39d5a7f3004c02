"""`kefu doctor`: look at everything the assistant needs, and say what to do about it."""

from __future__ import annotations

import platform
import shutil
import stat
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy import func, select
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import SQLAlchemyError

from kefu.backup.duty import REPORT as BACKUP_FAILED
from kefu.backup.rotation import newest_whole
from kefu.channels.wechat.accounts import accounts, has_section
from kefu.channels.wechat.checkup import check_accounts, outbox_state
from kefu.environment import SECRETS_FILE, EnvironmentProblem, environment
from kefu.errors import FileProblems, KefuError
from kefu.handoff.attendance import NOBODY
from kefu.handoff.reports import open_reports
from kefu.helpdesk import outbox
from kefu.knowledge.model import read_knowledge
from kefu.running.health import probe
from kefu.running.programs import Program, programs
from kefu.running.project_files import FILES, check_project_files
from kefu.settings import settings
from kefu.shop.gateways import order_gateway
from kefu.staff import people
from kefu.storage import migrate
from kefu.storage.engine import engine, reading
from kefu.storage.tables import handoffs
from kefu.training import check_knowledge, model_is_current, newest_model

MIN_FREE_BYTES = 1_000_000_000
_PACKAGES = ("rasa", "rasa-sdk", "SQLAlchemy", "scikit-learn")
_SHOWN_PROBLEMS = 3


@dataclass(frozen=True)
class Finding:
    """What one look showed.

    Attributes:
        name: What was looked at.
        ok: Whether it is as it should be.
        text: What was found.
        remedy: What to do; "" when there is nothing to do.
    """

    name: str
    ok: bool
    text: str
    remedy: str = ""


def diagnose() -> list[Finding]:
    """Look at everything and return the findings in the order in which to mend them.

    Nothing raises: what cannot be looked at is a finding too. Without a usable
    environment there is only that one.
    """
    try:
        environment()
    except EnvironmentProblem as error:
        return [Finding("环境变量", False, str(error), "改正或取消这个环境变量")]
    findings = [_looked(name, look) for name, look in _LOOKS]
    # What the files of Rasa say decides how its programs are started.
    if all(finding.ok for finding in findings if finding.name == "配置文件"):
        findings += _looked_at("进程", _programs)
    findings += [_looked("订单系统", _shop), _looked("工作台人员", _staff)]
    findings += [_looked("等待人工", _waiting)]
    findings += [_looked("备份", _backups)]
    findings += _looked_at("外部客服系统", _helpdesk)
    return findings + _looked_at("微信", _wechat)


def _looked(name: str, look: Callable[[str], Finding]) -> Finding:
    return _looked_at(name, lambda: [look(name)])[0]


def _looked_at(name: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return look()
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
        return [Finding(name, False, f"{error.filename}：{error.strerror}", "检查文件和权限")]


def _file_problems(name: str, error: FileProblems) -> Finding:
    shown = [str(problem) for problem in error.problems[:_SHOWN_PROBLEMS]]
    hidden = len(error.problems) - len(shown)
    if hidden:
        shown.append(f"还有 {hidden} 处")
    return Finding(name, False, "\n".join(shown), "按文件和行号改正")


def _software(name: str) -> Finding:
    if sys.version_info[:2] != (3, 10):
        text = f"Python {platform.python_version()}，需要 3.10"
        return Finding(name, False, text, "执行 make clean，再执行 make run")
    try:
        found = [f"{package} {version(package)}" for package in _PACKAGES]
    except PackageNotFoundError as error:
        return Finding(name, False, f"没有安装 {error.name}", "执行 make run 安装依赖")
    return Finding(name, True, "，".join([f"Python {platform.python_version()}", *found]))


def _settings(name: str) -> Finding:
    chosen = settings()
    return Finding(name, True, f"settings.yml：{chosen.assistant.shop_name}")


def _rasa_files(name: str) -> Finding:
    check_project_files(environment().home)
    return Finding(name, True, "、".join(FILES))


def _knowledge(name: str) -> Finding:
    home = environment().home
    check_knowledge(home)
    categories = list(read_knowledge(home))
    entries = sum(len(category.entries) for category in categories)
    return Finding(name, True, f"{len(categories)} 个分类，{entries} 个条目")


def _model(name: str) -> Finding:
    home = environment().home
    model = newest_model(home)
    if model is None:
        return Finding(name, False, "还没有模型", "执行 make train")
    days = (time.time() - model.stat().st_mtime) / 86400
    text = f"{model.name}，{days:.1f} 天前训练"
    if not model_is_current(home):
        return Finding(
            name, False, f"{text}，之后数据有改动", "执行 make train，再重新执行 make run"
        )
    return Finding(name, True, text)


def _database(name: str) -> Finding:
    url = make_url(environment().database_url)
    is_sqlite = url.get_backend_name() == "sqlite"
    pending = migrate.pending()
    if pending:
        return Finding(
            name, False, f"还差 {len(pending)} 步升级", "执行 make run，启动时会自动升级"
        )
    if is_sqlite:
        with engine().connect() as connection:
            answer = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
        if answer != "ok":
            return Finding(name, False, "数据库文件已损坏", "停止全部进程，从备份恢复数据库文件")
    return Finding(name, True, f"{url.get_backend_name()}，版本 {migrate.current()}")


def _secrets(name: str) -> Finding:
    file = environment().var / SECRETS_FILE
    if not file.exists():
        return Finding(name, True, "密钥文件还没有建立，首次启动时会自动建立")
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        return Finding(name, False, f"{file} 其他用户可读（{mode:o}）", f"执行 chmod 600 {file}")
    return Finding(name, True, f"{file} 只有所有者可读，请与数据库分开备份")


def _disk(name: str) -> Finding:
    folder = environment().var
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    text = f"{folder} 所在磁盘剩余 {free / 1e9:.1f} GB"
    if free < MIN_FREE_BYTES:
        return Finding(name, False, text, "清理磁盘：至少留出 1 GB")
    return Finding(name, True, text)


def _program(program: Program) -> Finding:
    seconds = probe(program.health_url)
    if seconds is None:
        log = environment().var / "log" / f"{program.name}.log"
        return Finding(
            program.title, False, f"{program.url} 没有应答", f"执行 make run；原因见日志 {log}"
        )
    return Finding(program.title, True, f"{program.url}，{seconds * 1000:.0f} 毫秒")


def _shop(name: str) -> Finding:
    started = time.monotonic()
    order_gateway().recent_orders(environment().shell_customer, limit=1)
    milliseconds = (time.monotonic() - started) * 1000
    return Finding(name, True, f"带签名的查询成功，{milliseconds:.0f} 毫秒")


def _waiting(name: str) -> Finding:
    query = select([func.count(), func.min(handoffs.c.requested_at)]).where(
        handoffs.c.state == "waiting"
    )
    with reading() as connection:
        count, oldest = connection.execute(query).one()
    known = [report.text for report in open_reports() if report.kind == NOBODY]
    if not count:
        return Finding(name, not known, "；".join(["没有顾客在等", *known]), _WAITING_REMEDY)
    minutes = (time.time() - oldest) / 60
    late = minutes > settings().handoff.idle_minutes
    text = f"{count} 位顾客在等，最久 {minutes:.0f} 分钟"
    return Finding(name, not late and not known, "；".join([text, *known]), _WAITING_REMEDY)


def _backups(name: str) -> Finding:
    failed = [report.text for report in open_reports() if report.kind == BACKUP_FAILED]
    if failed:
        return Finding(name, False, failed[0], _BACKUP_REMEDY)
    newest = newest_whole()
    if newest is None:
        return Finding(name, True, "还没有备份；make run 运行时会定时备份")
    hours = (time.time() - newest.manifest.created_at) / 3600
    return Finding(name, True, f"最近一次 {newest.name}，{hours:.0f} 小时前")


def _staff(name: str) -> Finding:
    active = [person for person in people.everybody() if person.active]
    administrators = sum(person.is_administrator for person in active)
    text = f"{len(active)} 人可以登录，其中 {administrators} 位管理员"
    return Finding(name, administrators > 0, text, "" if administrators else _STAFF_REMEDY)


def _programs() -> list[Finding]:
    return [_program(program) for program in programs(environment())]


def _helpdesk() -> list[Finding]:
    if not settings().helpdesk.url:
        return []
    state = outbox.counts()
    text = f"{state.waiting} 个事件待发送，{state.dead} 个放弃"
    name = "外部客服系统"
    if state.dead or state.failing:
        remedy = "执行 kefu helpdesk status 查看"
        return [Finding(name, False, f"{text}；最近的原因：{state.last_error}", remedy)]
    return [Finding(name, True, text)]


def _wechat() -> list[Finding]:
    if not has_section(environment().home):
        return []
    findings = [
        Finding(f"微信账号 {c.account.name}", c.ok, c.text, "按 docs/wechat.md 处理")
        for c in check_accounts(accounts())
    ]
    return [*findings, _looked("微信发件箱", _outbox)]


def _outbox(name: str) -> Finding:
    state = outbox_state(time.time())
    text = f"{state.waiting} 条待发送，一天内 {state.dead} 条未送达"
    if state.dead:
        return Finding(name, False, f"{text}；最近的原因：{state.last_error}", _DEAD_REMEDY)
    return Finding(name, True, text)


_STAFF_REMEDY = "执行 make run，启动后会显示管理员的一次性密码"
_BACKUP_REMEDY = "按上面的原因处理（磁盘、权限、数据库），再执行 kefu backup now"
_WAITING_REMEDY = "请客服上线接待，或执行 kefu handoff list 查看"
_DEAD_REMEDY = "执行 kefu wechat dead 查看"

_LOOKS: tuple[tuple[str, Callable[[str], Finding]], ...] = (
    ("软件", _software),
    ("设置", _settings),
    ("配置文件", _rasa_files),
    ("知识库", _knowledge),
    ("模型", _model),
    ("数据库", _database),
    ("密钥", _secrets),
    ("磁盘", _disk),
)
