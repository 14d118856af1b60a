# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run that has left nothing open says to the program of a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._pull.word import VARIABLE, heard
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request
from ansible_collections.flant.gitops.plugins.plugin_utils._quiet import say, word_of

if TYPE_CHECKING:
    from pathlib import Path

HEAD, SIGNATURES = "1" * 40, "2" * 40


def left(**changed: object) -> dict[str, Any]:
    return {
        "instance": "default",
        "dir": "/work/default",
        "status": "unchanged",
        "is_periodic": False,
        "poll": {"head": HEAD, "signatures_head": SIGNATURES},
        "asked": {
            "repo": "/srv/a.git",
            "branch": "main",
            "required_signatures": "0",
            "git_dir": "/work/default/git",
            "last_commit": HEAD,
            "hold_file": "/work/default/hold",
            "archive": "/work/default/archive-2026-11-30T12:00:00Z.tar",
        },
        "files": ["/etc/secret-id", ""],
        "rotate_at": "",
        **changed,
    }


def test_a_poll_that_finds_nothing_can_be_made_again() -> None:
    word = word_of(left())
    assert word
    assert (word.directory, word.status, word.head, word.signatures_head) == (
        "/work/default",
        "unchanged",
        HEAD,
        SIGNATURES,
    )
    assert Request.from_params(word.poll, check_mode=True).last_commit == HEAD
    assert word.poll["archive"] is None
    assert word.files == ("/etc/secret-id", "/work/default/state.json", "/work/default/git.rerun")
    assert word.due == 0


@pytest.mark.parametrize(
    "status",
    ["failed", "new", "given_up", "waiting_for_retry", "waiting_for_turn", "waiting_for_window", "not_due"],
)
def test_a_run_that_leaves_something_open_is_not_told(status: str) -> None:
    assert word_of(left(status=status)) is None


@pytest.mark.parametrize("secret", ["password", "proxy_password"])
def test_a_poll_that_needs_a_secret_that_is_in_no_file_is_not_told(secret: str) -> None:
    asked = {**left()["asked"], "repo": "https://git.example.com/a.git", "username": "u", secret: "hunter2"}
    assert word_of(left(asked=asked)) is None


def test_files_that_hold_secrets_are_named_and_what_they_hold_is_not_told() -> None:
    files = {"password_file": "/etc/password", "ssh_key_file": "/etc/key", "ca_cert_file": "/etc/ca"}
    word = word_of(left(asked={**left()["asked"], **files}))
    assert word
    assert set(files.values()) < set(word.files)


def test_polls_that_have_a_period_of_their_own_are_left_to_the_role() -> None:
    assert word_of(left(is_periodic=True)) is None


@pytest.mark.parametrize("status", ["unchanged", "awaiting_signatures", "held", "suspended"])
def test_a_secret_id_is_rotated_in_time_whatever_the_instance_waits_for(status: str) -> None:
    word = word_of(left(status=status, rotate_at="1970-01-02T00:00:00Z"))
    assert word
    assert word.due == 86400
    assert bool(word.poll) == (status != "suspended")


def test_what_is_not_of_this_machine_leaves_the_run_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "said"
    file.touch()
    monkeypatch.setenv(VARIABLE, str(file))
    say("web1", left(), "/quiet.py")
    word = heard(file.read_bytes())
    assert word
    assert word.files[-1] == "/quiet.py"
    say("web1", {}, "/quiet.py")
    assert heard(file.read_bytes()) is None


def test_nobody_is_told_where_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "said"
    monkeypatch.delenv(VARIABLE, raising=False)
    say("web1", left(), "/quiet.py")
    monkeypatch.setenv(VARIABLE, str(file))
    say("web1", left(), "/quiet.py")
    assert not file.exists()
    file.symlink_to(tmp_path / "other")
    (tmp_path / "other").touch()
    say("web1", left(), "/quiet.py")
    assert file.read_bytes() == b""
