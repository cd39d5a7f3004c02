"""Processes, model, knowledge base, backups and disk, as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)

from kefu.environment import environment
from kefu.knowledge.library import library
from kefu.metrics.machine import backup_age, database_size, disk_free
from kefu.metrics.processes import processes
from kefu.publishing.pending import served_model


def machine_metrics(now: float) -> Iterator[Metric]:
    """Yield them all."""
    yield from _processes(now)
    yield from _model()
    yield from _knowledge()
    age = backup_age(now)
    if age is not None:
        yield _gauge("kefu_backup_last_timestamp_seconds", "The newest whole backup", now - age)
    yield _gauge("kefu_disk_free_bytes", "Room for our data", disk_free()[1])
    yield _gauge("kefu_database_bytes", "Size of the database", database_size())


def _processes(now: float) -> Iterator[Metric]:
    up = _by_process("kefu_process_up", "1 where it answers its health check")
    health = _by_process("kefu_process_health_seconds", "What the health check took")
    memory = _by_process("kefu_process_resident_bytes", "Memory of it and its children")
    since = _by_process("kefu_process_start_time_seconds", "When it was started")
    ended = _by_process("kefu_process_restarts_day", "How often it ended by itself in 24 h")
    cpu = CounterMetricFamily("kefu_process_cpu_seconds", "CPU time", labels=["process"])
    for process in processes(now):
        name = [process.program.name]
        up.add_metric(name, int(process.up))
        ended.add_metric(name, process.restarts)
        if process.health is not None:
            health.add_metric(name, process.health)
        if process.used is not None:
            memory.add_metric(name, process.used.memory)
            since.add_metric(name, process.used.since)
            cpu.add_metric(name, process.used.cpu)
    yield from (up, health, memory, since, ended, cpu)


def _model() -> Iterator[Metric]:
    model = served_model(environment().home)
    if model is None:
        return
    yield InfoMetricFamily("kefu_model", "The model in service", value={"file": model.name})
    trained = model.stat().st_mtime
    yield _gauge("kefu_model_trained_timestamp_seconds", "When it was trained", trained)


def _knowledge() -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "kefu_knowledge_entries", "Entries of the knowledge base", labels=["category"]
    )
    for shelf in library(environment().home).shelves:
        family.add_metric([shelf.category.id], len(shelf.entries))
    yield family


def _by_process(name: str, help_: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_, labels=["process"])


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_, value=value)
