"""The files that Rasa reads: there, and YAML."""

from __future__ import annotations

from pathlib import Path

from kefu import marked_yaml
from kefu.errors import FileProblems, Problem

FILES = ("config.yml", "domain.yml", "endpoints.yml", "credentials.yml")


def check_project_files(home: Path) -> None:
    """Raise FileProblems for Rasa's files that are missing or are not YAML.

    Rasa itself would go on without endpoints or credentials, and be deaf or mute.
    """
    problems: list[Problem] = []
    for name in FILES:
        try:
            source = marked_yaml.read(home / name)
        except FileProblems as error:
            problems += error.problems
            continue
        if not isinstance(source.data, dict):
            problems.append(source.problem("文件应由「名称: 值」组成，请恢复它"))
    if problems:
        raise FileProblems(problems)
