"""`kefu doctor`: look at everything the assistant needs, and say what to do about it."""

from __future__ import annotations

import platform
import stat
import sys
import time
from importlib.metadata import PackageNotFoundError, version

from kefu.doctoring import machine, service
from kefu.doctoring.checkup import Checkup
from kefu.doctoring.finding import Finding, Look
from kefu.doctoring.publishing import look_at_publishing
from kefu.environment import SECRETS_FILE, EnvironmentProblem, environment
from kefu.knowledge.model import read_knowledge
from kefu.publishing.pending import served_model
from kefu.running.project_files import FILES, check_project_files
from kefu.running.serving import serving, wish
from kefu.settings import read_settings, settings_file
from kefu.staff import people
from kefu.training import check_knowledge, fits_all_but_knowledge, knowledge_is_newer

__all__ = ["LOOKS", "Finding", "diagnose"]

_PACKAGES = ("rasa", "rasa-sdk", "SQLAlchemy", "scikit-learn")
_STAFF_REMEDY = "执行 make run，启动后会显示管理员的一次性密码"


def diagnose() -> list[Finding]:
    """Look at everything and return the findings in the order in which to mend them.

    Nothing raises: what cannot be looked at is a finding too. Without a usable
    environment there is only that one.
    """
    try:
        environment()
    except EnvironmentProblem as error:
        return [Finding("环境变量", False, str(error), "改正或取消这个环境变量")]
    return Checkup(LOOKS).findings()


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
    # Not `settings`, which keeps what was right when somebody makes a mistake.
    chosen = read_settings(settings_file())
    return Finding(name, True, f"settings.yml：{chosen.assistant.shop_name}", page="/settings")


def _rasa_files(name: str) -> Finding:
    check_project_files(environment().home)
    return Finding(name, True, "、".join(FILES))


def _knowledge(name: str) -> Finding:
    home = environment().home
    check_knowledge(home)
    categories = list(read_knowledge(home))
    entries = sum(len(category.entries) for category in categories)
    return Finding(name, True, f"{len(categories)} 个分类，{entries} 个条目", page="/knowledge")


def _model(name: str) -> Finding:
    home = environment().home
    model, state = served_model(home), serving()
    if model is None:
        remedy = "在「发布」页面发布，或执行 make train"
        return Finding(name, False, "还没有模型", remedy, "/publishing")
    days = (time.time() - model.stat().st_mtime) / 86400
    ago = f"{days:.0f} 天前" if days >= 1 else "一天之内"
    text = f"{model.name}，{ago}训练"
    if state.failed:
        text = f"{text}；上次更换没有成功：{state.failed}"
        return Finding(name, False, text, "在「发布」页面重新启用", "/publishing")
    if state.switching_to:
        return Finding(name, True, f"{text}；正在换成 {state.switching_to}：{state.step}")
    if not fits_all_but_knowledge(home, model):
        remedy = "执行 make train，再重新执行 make run"
        return Finding(name, False, f"{text}，之后数据有改动", remedy)
    if not knowledge_is_newer(home, model):
        return Finding(name, True, text, page="/publishing")
    text = f"{text}，之后知识库有修改，还没有发布"
    remedy = "在「发布」页面发布，或执行 make train，再重新执行 make run"
    return Finding(name, wish() is not None, text, remedy, "/publishing")


def _secrets(name: str) -> Finding:
    file = environment().var / SECRETS_FILE
    if not file.exists():
        return Finding(name, True, "密钥文件还没有建立，首次启动时会自动建立")
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        return Finding(name, False, f"{file} 其他用户可读（{mode:o}）", f"执行 chmod 600 {file}")
    return Finding(name, True, f"{file} 只有所有者可读，请与数据库分开备份")


def _staff(name: str) -> Finding:
    active = [person for person in people.everybody() if person.active]
    administrators = sum(person.is_administrator for person in active)
    text = f"{len(active)} 人可以登录，其中 {administrators} 位管理员"
    return Finding(name, administrators > 0, text, "" if administrators else _STAFF_REMEDY)


def _knowledge_files() -> tuple[tuple[str, int, int], ...]:
    """Return what the check of the knowledge base reads, as it stands; the check takes long."""
    home = environment().home
    files = [home / "domain.yml", home / "settings.yml", *sorted((home / "data").rglob("*.yml"))]
    states = [(str(file), file.stat()) for file in files if file.exists()]
    return tuple((name, state.st_mtime_ns, state.st_size) for name, state in states)


_MINUTE = 60.0
# In the order in which to mend; the seconds are for the page, which looks again and again.
LOOKS = (
    Look("软件", _software, 10 * _MINUTE),
    Look("设置", _settings),
    Look("配置文件", _rasa_files, _MINUTE),
    Look("知识库", _knowledge, 60 * _MINUTE, _knowledge_files),
    Look("模型", _model, _MINUTE / 4),
    Look("发布", look_at_publishing, _MINUTE / 4),
    Look("数据库", machine.look_at_database, 10 * _MINUTE),
    Look("密钥", _secrets, _MINUTE),
    Look("磁盘", machine.look_at_disk, _MINUTE / 4),
    Look("进程", machine.look_at_processes),
    Look("订单系统", service.look_at_shop, _MINUTE / 2),
    Look("商家系统和微信接口", service.look_at_troubles),
    Look("回复", service.look_at_replies),
    Look("工作台人员", _staff, _MINUTE),
    Look("等待人工", service.look_at_waiting),
    Look("备份", machine.look_at_backups, _MINUTE),
    Look("证书", machine.look_at_certificate, 10 * _MINUTE),
    Look("外部客服系统", service.look_at_helpdesk),
    Look("微信", service.look_at_accounts, 10 * _MINUTE),
    Look("微信发件箱", service.look_at_outbox),
)
