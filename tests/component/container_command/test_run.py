# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main path: commands go in, their result comes out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.container_call import Caller


def test_the_result_of_a_run_is_complete(call: Caller, image: str) -> None:
    result = call("echo out; echo err >&2")
    assert result["changed"]
    assert result["rc"] == 0
    assert (result["stdout"], result["stdout_lines"]) == ("out\n", ["out"])
    assert (result["stderr"], result["stderr_lines"]) == ("err\n", ["err"])
    assert result["image"] == result["image_id"] == image
    assert re.fullmatch("[0-9a-f]{64}", result["container_id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", result["started_at"])
    assert result["started_at"] <= result["finished_at"]
    assert 0 <= result["duration"] < 10
    flags = ("timed_out", "oom_killed", "adopted", "skipped_start")
    assert not any(result[flag] for flag in flags)
    assert result["existing"] == "none"
    assert result["warnings"] == []


def test_a_failing_command_fails_with_its_status_and_both_streams(call: Caller, name: str) -> None:
    result = call("echo out; echo first >&2; echo 'last words' >&2; exit 3", "echo never")
    assert result["failed"]
    assert result["rc"] == 3
    assert result["stdout"] == "out\n"
    assert result["stderr"] == "first\nlast words\n"
    assert result["msg"] == f"The commands in container {name} failed with rc 3: last words."


@pytest.mark.parametrize(
    ("commands", "stdout"),
    [
        (["cd /tmp", "pwd"], "/tmp\n"),
        (["greeting='good day'", 'echo "$greeting"'], "good day\n"),
        (["echo one # and a comment", "echo two"], "one\ntwo\n"),
        (["cat <<END\nheredoc 'quoted' \"$PWD\"\nEND", "echo after"], "heredoc 'quoted' \"/git\"\nafter\n"),
        (["set -- a b c", "echo $#"], "3\n"),
        (["f() { echo from function; }", "f"], "from function\n"),
        (["echo before; exit 0", "echo never"], "before\n"),
        (["exec echo replaced", "echo never"], "replaced\n"),
        (["if true; then\n  echo several\nfi\n", "echo lines"], "several\nlines\n"),
        (["echo 'it'\\''s'; echo \"$(echo \\$HOME)\""], "it's\n$HOME\n"),
        (["printf 'ü\\t€'"], "ü\t€"),
    ],
)
def test_commands_share_one_shell_and_nothing_spills(call: Caller, commands: list[str], stdout: str) -> None:
    result = call(*commands)
    assert result["stdout"] == stdout
    assert result["rc"] == 0


@pytest.mark.parametrize("broken", ["echo 'unbalanced", "if true; then", "f() {", "cat <(", "exit 5"])
def test_a_broken_command_stops_the_run_and_the_rest(call: Caller, broken: str) -> None:
    result = call(broken, "echo never")
    assert result["failed"]
    assert result["rc"] != 0
    assert "never" not in result["stdout"]


def test_the_first_failing_command_stops_the_rest(call: Caller) -> None:
    result = call("echo one", "false", "echo never")
    assert (result["rc"], result["stdout"]) == (1, "one\n")


def test_tree_variables_and_files_are_there(call: Caller, archive: Callable[..., Path]) -> None:
    result = call(
        "cat dir/file /git/.extra/ca.crt /etc/extra.conf",
        'echo "$GREETING $NUMBER $TOKEN"',
        "stat -c '%a %u:%g %n' dir/file run .extra/ca.crt /etc/extra.conf link . dir .extra; readlink link; ./run",
        archive=archive(
            ("dir/file", "content\n"),
            ("run", {"mode": 0o755}),
            ("link", {"type": b"2", "linkname": "dir/file"}),
        ),
        files=[
            {"path": "/git/.extra/ca.crt", "content": "certificate ü\n"},
            {"path": "/etc/extra.conf", "content": "outside\n", "mode": "0600"},
        ],
        env={"GREETING": "good day", "NUMBER": 8200},
        secret_env={"TOKEN": "s.123456"},
    )
    assert result["stdout_lines"][:4] == ["content", "certificate ü", "outside", "good day 8200 ********"]
    assert result["stdout_lines"][4:] == [
        "644 0:0 dir/file",
        "755 0:0 run",
        "644 0:0 .extra/ca.crt",
        "600 0:0 /etc/extra.conf",
        "777 0:0 link",
        "755 0:0 .",
        "755 0:0 dir",
        "755 0:0 .extra",
        "dir/file",
    ]


def test_working_dir_can_be_anywhere(call: Caller, archive: Callable[..., Path]) -> None:
    result = call("pwd; cat file", working_dir="/srv/deep//tree/", archive=archive(("file", "here\n")))
    assert result["stdout"] == "/srv/deep/tree\nhere\n"


def test_check_mode_does_nothing(call: Caller) -> None:
    assert call("true", check_mode=True) == {
        "failed": False,
        "changed": True,
        "existing": "none",
        "adopted": False,
        "skipped_start": False,
        "image": call.common["image"],
        "warnings": [],
    }
    assert call("true", check_mode=True, creates="/")["changed"] is False
