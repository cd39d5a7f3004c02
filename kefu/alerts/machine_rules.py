"""Rules about what the service runs on: processes, disk, certificate, backups."""

from __future__ import annotations

from kefu.alerts.signals import NothingToTell, Signal
from kefu.backup.duty import REPORT as BACKUP_FAILED
from kefu.handoff.reports import open_reports
from kefu.metrics.certificate import CertificateUnreachable, certificate
from kefu.metrics.machine import backup_age, disk_free
from kefu.metrics.processes import processes
from kefu.settings import settings

_HOUR, _DAY = 3600.0, 86400.0
# The first backup is made soon after the first start.
_FIRST_BACKUP = _HOUR


def look_at_processes(now: float) -> list[Signal]:
    """Compare which programs answer, and how often they ended by themselves."""
    limits = settings().alerts
    found = []
    for process in processes(now, _HOUR):
        name, title = process.program.name, process.program.title
        minutes = limits.process_down_minutes
        down = minutes > 0 and not process.up
        text = f"已超过 {minutes} 分钟；原因见日志 {name}.log"
        found.append(Signal(f"process:{name}", f"{title}没有应答", down, text, minutes * 60.0))
        times, most = process.restarts, limits.process_restarts
        text = f"1 小时内意外重启 {times} 次（界限 {most} 次），原因见日志 {name}.log"
        found.append(
            Signal(f"process:{name}:restarts", f"{title}反复重启", 0 < most <= times, text)
        )
    return found


def look_at_disk(now: float) -> list[Signal]:
    """Compare the room that is left for our data."""
    limit, (_, free) = settings().alerts.disk_free_gb, disk_free()
    text = f"数据目录所在的磁盘剩余 {free / 1e9:.1f} GB（界限 {limit:g} GB）"
    return [Signal("disk", "磁盘快满了", free / 1e9 < limit, text)]


def look_at_certificate(now: float) -> list[Signal]:
    """Compare how long the certificate of the public address lasts."""
    limits = settings().alerts
    try:
        found = certificate(limits.public_url)
    except CertificateUnreachable:
        # The network between here and there says nothing about the certificate.
        raise NothingToTell from None
    if found is None:
        return [Signal("certificate", "网站证书", False)]
    days, limit = (found.ends_at - now) / _DAY, limits.certificate_days
    text = f"{limits.public_url} 的证书还有 {max(days, 0):.0f} 天到期（界限 {limit} 天）"
    if found.refused:
        text = f"{limits.public_url} 的证书{found.refused}"
    on = limit > 0 and (days < limit or bool(found.refused))
    return [Signal("certificate", "网站证书", on, text)]


def look_at_backups(now: float) -> list[Signal]:
    """Compare the age of the newest backup, and whether the last one failed."""
    limit, title = settings().alerts.backup_hours, "备份"
    if not limit or not settings().backup.every_hours:
        return [Signal("backup", title, False)]
    failed = [report.text for report in open_reports() if report.kind == BACKUP_FAILED]
    age = backup_age(now)
    if failed:
        return [Signal("backup", title, True, failed[0])]
    if age is None:
        return [Signal("backup", title, True, "还没有任何备份", _FIRST_BACKUP)]
    text = f"最近的备份是 {age / _HOUR:.0f} 小时前的（界限 {limit} 小时）"
    return [Signal("backup", title, age / _HOUR > limit, text)]
