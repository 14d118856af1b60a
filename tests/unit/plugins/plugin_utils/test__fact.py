# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered is found in Ansible's cache or in AWX's, and stays what it was found as."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.plugin_utils._fact import fact, other_states

if TYPE_CHECKING:
    from pathlib import Path

STATE = {"web": {"last_poll_at": "then"}}
FACTS = {"flant_gitops_state": STATE}


@pytest.fixture
def awx_dir(tmp_path: Path) -> Path:
    """AWX's folder, with the facts of host1."""
    folder = tmp_path / "facts"
    folder.mkdir()
    (folder / "host1").write_text(json.dumps(FACTS), encoding="utf-8")
    return folder


def test_ansibles_own_cache_comes_first(awx_dir: Path) -> None:
    own = {"default": {}}
    assert fact(facts={"flant_gitops_state": own}, awx_dir=str(awx_dir), host="host1") == own
    assert fact(facts={"flant_gitops_state": {}}, awx_dir=str(awx_dir), host="host1") == {}


def test_awx_has_what_ansible_has_forgotten(awx_dir: Path) -> None:
    assert fact(facts={"distribution": "Debian"}, awx_dir=str(awx_dir), host="host1") == STATE


def test_outside_awx_nothing_is_read(awx_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(awx_dir)
    assert fact(facts={}, awx_dir="", host="host1") == {}


@pytest.mark.parametrize("host", ["../facts/host1", "..", "sub/host1"])
def test_r10_host_that_leads_out_is_not_read(awx_dir: Path, host: str) -> None:
    (awx_dir / "sub").mkdir()
    (awx_dir / "sub/host1").write_text(json.dumps(FACTS), encoding="utf-8")
    assert fact(facts={}, awx_dir=str(awx_dir), host=host) == {}


@pytest.mark.parametrize("content", ["", "\n", "{}", "[1]", "null"])
def test_file_without_the_fact_remembers_nothing(awx_dir: Path, content: str) -> None:
    (awx_dir / "host2").write_text(content, encoding="utf-8")
    assert fact(facts={}, awx_dir=str(awx_dir), host="host2") == {}
    assert fact(facts={}, awx_dir=str(awx_dir), host="host3") == {}


@pytest.mark.parametrize("content", [b"{", b"\xff"])
def test_file_that_is_damaged_is_named(awx_dir: Path, content: bytes) -> None:
    (awx_dir / "host2").write_bytes(content)
    with pytest.raises(Failure) as raised:
        fact(facts={}, awx_dir=str(awx_dir), host="host2")
    assert str(raised.value).startswith(f"AWX: the host's facts in {awx_dir}/host2 cannot be read: ")


def test_what_is_no_file_is_named(awx_dir: Path) -> None:
    (awx_dir / "host2").mkdir()
    with pytest.raises(Failure, match=r"^AWX: the host's facts in .*/host2 cannot be read: "):
        fact(facts={}, awx_dir=str(awx_dir), host="host2")


def test_what_is_no_state_is_left_to_whoever_checks_it() -> None:
    assert fact(facts={"flant_gitops_state": None}, awx_dir="", host="host1") is None


def test_other_states_are_those_of_other_instances() -> None:
    sound = {"a": {"last_poll_at": "then"}, "B.2_-": {"list": [{"x": 1}]}}
    unsound = {"web": {}, "c": "text", "../d": {}, "": {}, "e\n": {}, "-f": {}, "x" * 41: {}, 7: []}
    assert other_states(fact={**sound, **unsound}, instance="web") == sound
    assert other_states(fact="no fact", instance="web") == {}
