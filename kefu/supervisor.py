"""`kefu run`: everything that one machine needs, started, watched and stopped together."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

from rich.console import Console

from kefu.environment import Environment, environment, secret, secret_bytes
from kefu.errors import KefuError
from kefu.running import children, log_files, serving
from kefu.running.daemon import Daemon
from kefu.running.health import probe
from kefu.running.programs import Program, programs, require_free_ports
from kefu.running.project_files import check_project_files
from kefu.running.watching import swap_of, watch
from kefu.settings import settings
from kefu.staff.first import make_first_administrator
from kefu.storage import migrate
from kefu.training import (
    check_knowledge,
    fits_all_but_knowledge,
    knowledge_is_newer,
    model_is_current,
    newest_model,
    train,
)

START_LIMIT_SECONDS = 120
_AGAIN_SECONDS = 2.0
_UNPUBLISHED = "• 知识库在发布之后有修改，还没有发布：在工作台点「发布」，或执行 kefu publish"
_DEAD = ("BACKOFF", "EXITED", "FATAL", "UNKNOWN")

Prepare = Callable[[Environment, Console], list[Program]]


class StartFailed(KefuError):
    """Raised when a program ends or stays silent while it starts."""

    def __init__(self, program: Program, text: str) -> None:
        """Take the program, and what to say of it."""
        self.program = program
        super().__init__(text)


def run(prepare: Prepare | None = None) -> int:
    """Start everything and stay until Ctrl-C or SIGTERM; return the exit code.

    What is wrong is printed in one line each, with the remedy. `prepare` makes
    ready and gives the programs to run; without it, those of this installation.
    """
    console = Console(highlight=False, soft_wrap=True)
    try:
        with _stoppable():
            place = environment()
            prepare = prepare or prepare_installation
            try:
                return _keep_running(prepare(place, console), place, console)
            except StartFailed as error:
                if error.program.standby is None or not serving.give_up_start(str(error)):
                    raise
                console.print(f"[red]✘[/red] {_plain(str(error))}\n• 改用之前的模型")
                return _keep_running(prepare(place, console), place, console)
    except KeyboardInterrupt:
        console.print("已停止。")
        return 0
    except KefuError as error:
        console.print(f"[red]✘[/red] {_plain(str(error))}")
        return 1


def prepare_installation(place: Environment, console: Console) -> list[Program]:
    """Check and make ready all that the programs need, and return them.

    Raises:
        KefuError: Something has to be put right first; the text says what.
    """
    settings()
    check_project_files(place.home)
    for key in ("data_key", "pseudonym_key"):
        secret_bytes(key)
    for key in ("shop_api_key", "shop_api_secret", "rest_token_miniprogram"):
        secret(key)
    require_free_ports(programs(place))
    console.print("✔ 设置、密钥和端口")
    check_knowledge(place.home)
    console.print("✔ 知识库")
    migrate.upgrade()
    console.print("✔ 数据库")
    return programs(place, _model(place.home, console))


def _model(home: Path, console: Console) -> Path:
    """Return the model to start with; make one where none fits."""
    chosen = serving.chosen_model(home)
    if chosen is not None and fits_all_but_knowledge(home, chosen):
        console.print(f"✔ 模型 {chosen.name}")
        if knowledge_is_newer(home, chosen):
            console.print(_UNPUBLISHED)
        return chosen
    newest = newest_model(home)
    if newest is not None and model_is_current(home):
        console.print("✔ 模型是最新的")
        return newest
    started = time.monotonic()
    console.print("• 训练模型（约一分钟）…")
    made = train(home, console)
    console.print(f"✔ 模型已训练（{time.monotonic() - started:.0f} 秒）")
    return made


def _keep_running(chosen: list[Program], place: Environment, console: Console) -> int:
    # Ends with a KeyboardInterrupt, or with 1 when supervisord itself has ended.
    with serving.watching():
        return _run_all(chosen, place, console)


def _run_all(chosen: list[Program], place: Environment, console: Console) -> int:
    daemon = Daemon(chosen, place.home, place.var, children.variables(place))
    tell = partial(_tell, console)
    swap = swap_of(daemon, chosen, tell)
    try:
        _start(daemon, chosen, console)
        if swap is not None:
            swap.started()
        _print_welcome(chosen, place, console)
        watch(daemon, swap, tell)
        console.print("[red]✘[/red] 进程管理器意外结束，已停止全部进程，请重新执行 make run")
        return 1
    finally:
        with _unstoppable():
            daemon.stop()


def _start(daemon: Daemon, chosen: list[Program], console: Console) -> None:
    began = time.monotonic()
    sizes = {p.name: log_files.size(daemon.log_file(p.name)) for p in chosen}
    daemon.start()
    waiting = list(chosen)
    with console.status("") as status:
        while waiting:
            elapsed = time.monotonic() - began
            status.update(f"等待就绪：{'、'.join(p.title for p in waiting)}（{elapsed:.0f} 秒）")
            for program in [p for p in waiting if probe(p.health_url, 0.5) is not None]:
                waiting.remove(program)
                console.print(f"✔ {program.title} 已就绪（{time.monotonic() - began:.1f} 秒）")
            _require_alive(daemon, chosen, sizes)
            if waiting and elapsed > START_LIMIT_SECONDS:
                raise StartFailed(
                    waiting[0],
                    f"{waiting[0].title} 在 {START_LIMIT_SECONDS} 秒内没有就绪，"
                    f"请看日志 {daemon.log_file(waiting[0].name)}",
                )
            time.sleep(0.2)


def _require_alive(daemon: Daemon, chosen: list[Program], sizes: dict[str, int]) -> None:
    states = {state.name: state for state in daemon.states()}
    for program in chosen:
        state = states.get(program.name)
        if state is None or state.state in _DEAD:
            log = daemon.log_file(program.name)
            reason = log_files.last_reason(log, sizes[program.name]) or "没有输出"
            raise StartFailed(program, f"{program.title} 没有启动：{reason}（日志：{log}）")


def _tell(console: Console, text: str) -> None:
    console.print(f"{time.strftime('%H:%M:%S')} {_plain(text)}")


def _print_welcome(chosen: list[Program], place: Environment, console: Console) -> None:
    lines = ["", "已全部就绪："]
    lines += [f"  {program.title}  {program.url}" for program in chosen]
    lines += [f"  日志      {place.var / 'log'}", ""]
    lines += [
        f"扮演微信里的顾客，在浏览器里打开：{program.url}/"
        for program in chosen
        if program.name == "wechat_double"
    ]
    lines += [_console_line(program) for program in chosen if program.name == "console"]
    lines += ["", "试一试 REST 接口（复制到另一个终端）："]
    for message in ("怎么开发票", "查我的订单", "转人工"):
        lines += [f"  # {message}", f"  {_example(chosen[0], message)}"]
    lines += ["", "按 Ctrl-C 停止。"]
    console.print("\n".join(lines), markup=False, soft_wrap=True)


def _console_line(program: Program) -> str:
    """Return where people sign in, and once how the first of them does."""
    line = f"客服工作台，在浏览器里打开：{program.url}/"
    # Only now: were it made earlier and the start interrupted, nobody would have read it.
    new = make_first_administrator(time.time())
    if new is None:
        return line
    return f"{line}\n  首次登录：{new.person.login} / {new.password}（登录后须修改密码）"


def _example(rasa: Program, message: str) -> str:
    return (
        f"curl -s {rasa.url}/webhooks/rest/webhook"
        f' -H "Authorization: Bearer $({_own_command()} token miniprogram)"'
        " -H 'Content-Type: application/json'"
        f' -d \'{{"sender": "o_demo_0001", "message": "{message}"}}\''
    )


def _own_command() -> Path:
    command = Path(sys.prefix, "bin", "kefu")
    here = Path.cwd()
    return command.relative_to(here) if command.is_relative_to(here) else command


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM and a closed terminal do what Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        # Python drops what is raised while an object is finalised: then it comes once more.
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)
        raise KeyboardInterrupt

    numbers = (*_stop_signals(), signal.SIGALRM)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _unstoppable() -> Iterator[None]:
    """Keep a second Ctrl-C from leaving half of the programs behind."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _stop_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop_signals() -> tuple[signal.Signals, ...]:
    return signal.SIGINT, signal.SIGTERM, signal.SIGHUP
