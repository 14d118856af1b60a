# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command line of ansible-pull says of where the playbook comes from, and of the files that it goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._pull.playbook import Source, files, source
from ansible_collections.flant.gitops.plugins.module_utils._pull.repository import Repository
from ansible_collections.flant.gitops.plugins.module_utils._pull.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = ("/opt/bin/ansible-pull", "--url=https://git.example.com/x.git", "--checkout=main")


def named(*arguments: str, **environment: str) -> list[str]:
    """Return the files that are gone by, besides those that always are."""
    settings = Settings(
        instance="default",
        directory="/work/default",
        user="root",
        python="",
        command=(*COMMAND, *arguments),
        environment={"HOME": "/usr", **environment},
        repository=Repository(),
        timeout=60,
        delay=0,
        metrics_dir="",
        trigger="",
        keeps_log=False,
    )
    always = (COMMAND[0], "/usr/.ansible.cfg", "/etc/ansible/ansible.cfg")
    return [path for path in files(settings) if path not in always]


@pytest.mark.parametrize(
    ("argument", "paths"),
    [
        ("/srv/my-a/b", ["/srv/my-a/b"]),
        ("-e@/etc/x.yml", ["/etc/x.yml"]),
        ("-e@~/x.yml", ["/usr/x.yml"]),
        ("--vault-password-file=~/word", ["/usr/word"]),
        ("--vault-id=prod@/etc/prod", ["/etc/prod"]),
        ("--inventory=/etc/a/hosts", ["/etc/a/hosts", "/etc/a/group_vars", "/etc/a/host_vars"]),
        ("--inventory=localhost,", []),
        ("--diff", []),
    ],
)
def test_files_that_arguments_name(argument: str, paths: list[str]) -> None:
    assert named(argument) == paths


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ("/etc/word", ["/etc/word"]),
        ("~/word", ["/usr/word"]),
        ("prod@/etc/prod,dev@/etc/dev", ["/etc/prod", "/etc/dev"]),
        ("/no/a:/no/b", ["/no/a", "/no/b"]),
        ("C.UTF-8", []),
    ],
)
def test_files_that_variables_name(value: str, paths: list[str]) -> None:
    assert named(VARIABLE=value) == paths


def test_folders_that_variables_name_are_not_looked_into(tmp_path: Path) -> None:
    assert named(VARIABLE=f"{tmp_path}:{tmp_path}/file") == [f"{tmp_path}/file"]


def test_source_is_what_the_command_line_says() -> None:
    assert source((*COMMAND, "--diff")) == Source("https://git.example.com/x.git", "main")


@pytest.mark.parametrize(
    "argument", ["-U", "--url=https://elsewhere", "--checkout=x", "-mgit", "--track-subs", "-f", "--force"]
)
def test_source_that_is_told_otherwise_or_not_minded_is_no_reason_to_skip(argument: str) -> None:
    with pytest.raises(Failure, match=r"^ansible-pull is told otherwise"):
        source((*COMMAND, argument))
