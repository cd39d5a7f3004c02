"""scripts/setup.sh with make-believe Pythons, in a project of its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "setup.sh"
TOOLS = (
    *("sh", "env", "dirname", "cat", "sed", "grep", "rm", "mkdir", "chmod", "cp", "cksum", "tr"),
    *("id", "timeout", "uname"),
)
# Answers what setup.sh asks of an interpreter; notes every use of pip.
PYTHON = """#!/bin/sh
case "$*" in
*realpath*) echo "{path}" ;;
"-m venv "*)
    mkdir -p .venv/bin .venv/lib/python3.10/site-packages
    cp "{path}" .venv/bin/python ;;
"-m pip install"*) echo "$*" >>"{log}"; exit {pip_status} ;;
*) exit 0 ;;
esac
"""


class Machine:
    """A project folder and the only programs that its PATH offers."""

    def __init__(self, root: Path) -> None:
        self.project = root / "project"
        self.bin = root / "bin"
        self.home = root / "home"
        self.pip_log = root / "pip.log"
        for folder in (self.project / "scripts", self.bin, self.home):
            folder.mkdir(parents=True)
        shutil.copy(SCRIPT, self.project / "scripts")
        for name in ("requirements.lock", "requirements-dev.lock"):
            (self.project / name).write_text("uv==1.0 \\\n    --hash=sha256:00\n")
        for tool in TOOLS:
            (self.bin / tool).symlink_to(str(shutil.which(tool)))

    def python(self, path: Path, pip_status: int = 0) -> Path:
        """Install a working Python 3.10 at `path`."""
        text = PYTHON.format(path=path, log=self.pip_log, pip_status=pip_status)
        return self.program(path, text)

    def program(self, path: Path, text: str) -> Path:
        """Install an executable script."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def setup(self, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run setup.sh."""
        return subprocess.run(
            ["sh", str(self.project / "scripts" / "setup.sh"), command],
            env={"PATH": str(self.bin), "HOME": str(self.home), **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def pip_calls(self) -> list[str]:
        """Return the arguments of every `pip install` so far."""
        return self.pip_log.read_text().splitlines() if self.pip_log.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_python_one_line_a_language_says_what_to_do(machine: Machine) -> None:
    done = machine.setup("run")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("错误：没有找到 Python 3.10")
    assert lines[1].startswith("Error: No Python 3.10 found")
    assert "KEFU_PYTHON" in lines[0]
    assert not (machine.project / ".venv").exists()


def test_shim_that_fails_is_passed_over_for_pyenvs_own(machine: Machine) -> None:
    machine.program(
        machine.bin / "python3.10", "#!/bin/sh\necho 'pyenv: not found' >&2\nexit 127\n"
    )
    root = machine.home / "elsewhere"
    machine.program(machine.bin / "pyenv", f"#!/bin/sh\n[ $1 = root ] && echo {root}\n")
    wanted = machine.python(root / "versions" / "3.10.4" / "bin" / "python3.10")
    done = machine.setup("find-python")
    assert (done.returncode, done.stdout.strip()) == (0, str(wanted))


def test_pyenv_is_found_in_the_home_directory_without_being_on_the_path(machine: Machine) -> None:
    wanted = machine.python(machine.home / ".pyenv/versions/3.10.13/bin/python3.10")
    assert machine.setup("find-python").stdout.strip() == str(wanted)


def test_other_version_of_python_is_not_taken(machine: Machine) -> None:
    machine.program(machine.bin / "python3", "#!/bin/sh\nexit 1\n")
    assert machine.setup("find-python").returncode == 1


def test_python3_is_taken_when_it_is_3_10(machine: Machine) -> None:
    wanted = machine.python(machine.bin / "python3")
    assert machine.setup("find-python").stdout.strip() == str(wanted)


def test_named_python_wins_and_a_wrong_one_is_refused(machine: Machine) -> None:
    machine.python(machine.bin / "python3.10")
    named = machine.python(machine.home / "my python")
    assert machine.setup("find-python", KEFU_PYTHON=str(named)).stdout.strip() == str(named)
    refused = machine.setup("find-python", KEFU_PYTHON="/nowhere/python")
    assert refused.returncode == 1
    assert "KEFU_PYTHON=/nowhere/python" in refused.stderr


def test_python_is_installed_where_the_tools_can(machine: Machine) -> None:
    target = machine.home / ".pyenv/versions/3.10.19/bin"
    spare = machine.python(machine.home / "spare")
    machine.program(
        machine.bin / "pyenv",
        f"#!/bin/sh\n[ $1 = install ] && mkdir -p {target} && cp {spare} {target}/python3.10\n",
    )
    done = machine.setup("find-python")
    assert done.returncode == 0, done.stderr
    assert "pyenv" in done.stderr


def test_missing_venv_module_is_named(machine: Machine) -> None:
    machine.program(
        machine.bin / "python3.10",
        '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; *realpath*) echo "$0" ;; esac\n',
    )
    done = machine.setup("run")
    assert done.returncode == 1
    assert "apt-get install python3.10-venv" in done.stderr


def test_second_call_installs_nothing_and_a_changed_lock_does(machine: Machine) -> None:
    machine.python(machine.bin / "python3.10")
    assert machine.setup("run").returncode == 0
    calls = machine.pip_calls()
    assert any("--require-hashes -r requirements.lock" in call for call in calls)
    assert (machine.project / ".venv/bin/kefu").exists()
    assert machine.setup("run").stderr == ""
    assert machine.pip_calls() == calls
    with open(machine.project / "requirements.lock", "a") as lock:
        lock.write("# changed\n")
    assert machine.setup("run").returncode == 0
    assert len(machine.pip_calls()) > len(calls)


def test_running_after_testing_installs_nothing(machine: Machine) -> None:
    machine.python(machine.bin / "python3.10")
    assert machine.setup("dev").returncode == 0
    calls = machine.pip_calls()
    assert machine.setup("run").returncode == 0
    assert machine.pip_calls() == calls


def test_failed_installation_is_said_and_tried_again(machine: Machine) -> None:
    machine.python(machine.bin / "python3.10", pip_status=1)
    for _ in range(2):
        done = machine.setup("run")
        assert done.returncode == 1
        assert "依赖没有装上" in done.stderr


def test_every_lock_entry_has_a_hash_and_names_no_host() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (SCRIPT.parents[1] / name).read_text(encoding="utf-8")
        assert "://" not in text
        entries = [line for line in text.splitlines() if line[:1].isalnum()]
        assert len(entries) > 100
        assert all(line.endswith("\\") for line in entries)


def test_development_lock_holds_all_of_the_other_one() -> None:
    entries = {}
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (SCRIPT.parents[1] / name).read_text(encoding="utf-8")
        entries[name] = {line for line in text.splitlines() if "==" in line and line[:1].isalnum()}
    assert entries["requirements.lock"] <= entries["requirements-dev.lock"]


def test_unknown_command_is_refused(machine: Machine) -> None:
    assert machine.setup("nonsense").returncode == 1
