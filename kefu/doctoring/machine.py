"""Looks at what the service runs on: processes, disk, database, certificate, backups."""

from __future__ import annotations

import time
from datetime import datetime

from sqlalchemy.engine.url import make_url

from kefu.backup.duty import REPORT as BACKUP_FAILED
from kefu.backup.rotation import newest_whole
from kefu.doctoring.finding import Finding
from kefu.environment import environment
from kefu.errors import FileProblems
from kefu.handoff.reports import open_reports
from kefu.metrics.certificate import certificate
from kefu.metrics.machine import database_size, disk_free
from kefu.metrics.processes import Process, processes
from kefu.running.project_files import check_project_files
from kefu.settings import settings
from kefu.storage import migrate
from kefu.storage.engine import engine

MIN_FREE_BYTES = 1_000_000_000
DAY = 86400.0
_BACKUP_REMEDY = "按上面的原因处理（磁盘、权限、数据库），再执行 kefu backup now"


def look_at_processes(name: str) -> list[Finding]:
    """Tell which programs answer."""
    try:
        # What the files of Rasa say decides how its programs are started.
        check_project_files(environment().home)
    except FileProblems:
        return []
    return [_process(process) for process in processes(time.time())]


def look_at_database(name: str) -> Finding:
    """Tell whether the database is of this version and whole."""
    url = make_url(environment().database_url)
    pending = migrate.pending()
    if pending:
        return Finding(
            name, False, f"还差 {len(pending)} 步升级", "执行 make run，启动时会自动升级"
        )
    if url.get_backend_name() == "sqlite":
        with engine().connect() as connection:
            answer = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
        if answer != "ok":
            return Finding(name, False, "数据库文件已损坏", "停止全部进程，从备份恢复数据库文件")
    size = f"{database_size() / 1e6:.0f} MB"
    return Finding(name, True, f"{url.get_backend_name()}，版本 {migrate.current()}，{size}")


def look_at_disk(name: str) -> Finding:
    """Tell whether there is room for our data."""
    folder, free = disk_free()
    text = f"{folder} 所在磁盘剩余 {free / 1e9:.1f} GB"
    if free < MIN_FREE_BYTES:
        return Finding(name, False, text, "清理磁盘：至少留出 1 GB")
    return Finding(name, True, text)


def look_at_certificate(name: str) -> list[Finding]:
    """Tell how long the certificate of the public address lasts; nothing without an address."""
    url, limit = settings().alerts.public_url, settings().alerts.certificate_days
    found = certificate(url) if url else None
    if found is None:
        return []
    days = (found.ends_at - time.time()) / DAY
    text = f"{url} 的证书还有 {days:.0f} 天到期" if days > 0 else f"{url} 的证书已过期"
    if found.refused:
        text = f"{text}；证书{found.refused}"
    ok = days > limit and not found.refused
    return [Finding(name, ok, text, "" if ok else "请管理员更新 nginx 的证书并重新加载")]


def look_at_backups(name: str) -> Finding:
    """Tell how old the newest backup is, and why the last one failed."""
    failed = [report.text for report in open_reports() if report.kind == BACKUP_FAILED]
    if failed:
        return Finding(name, False, failed[0], _BACKUP_REMEDY, "/backups")
    newest = newest_whole()
    if newest is None:
        return Finding(name, True, "还没有备份；make run 运行时会定时备份", page="/backups")
    hours = (time.time() - newest.manifest.created_at) / 3600
    every, limit = settings().backup.every_hours, settings().alerts.backup_hours
    text = f"最近一次 {newest.name}，{hours:.0f} 小时前"
    if every and limit and hours > max(limit, every):
        return Finding(
            name, False, text, "执行 kefu backup now，并看定时备份为什么没有做", "/backups"
        )
    return Finding(name, True, text, page="/backups")


def _process(process: Process) -> Finding:
    program, more = process.program, _particulars(process)
    log = environment().var / "log" / f"{program.name}.log"
    if process.health is None:
        # One that runs and is silent is not started again by itself.
        again = "重新执行 make run" if process.pids else "执行 make run"
        remedy = f"{again}；原因见日志 {log}"
        return Finding(program.title, False, f"{program.url} 没有应答", remedy, more=more)
    text = f"{program.url}，{process.health * 1000:.0f} 毫秒"
    if 0 < settings().alerts.process_restarts <= process.restarts:
        text = f"{text}，24 小时内意外重启 {process.restarts} 次"
        return Finding(program.title, False, text, f"原因见日志 {log}", more=more)
    return Finding(program.title, True, text, more=more)


def _particulars(process: Process) -> str:
    told = []
    if process.used is not None:
        since = datetime.fromtimestamp(process.used.since, settings().assistant.zone)
        told += [
            f"进程 {'、'.join(map(str, process.pids))}",
            f"内存 {process.used.memory / 1e6:.0f} MB",
            f"{since:%m-%d %H:%M} 启动",
        ]
    if process.restarts:
        told.append(f"24 小时内意外重启 {process.restarts} 次")
    return " · ".join(told)
