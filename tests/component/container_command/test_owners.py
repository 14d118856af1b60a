# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On an engine that several use, nobody takes over, replaces or removes what is another's."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container import run
from ansible_collections.flant.gitops.tests.support.container_call import finished
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.flant.gitops.tests.support.container_call import Caller
    from docker import APIClient

OURS = {"machine": "one", "instance": "default", "git_dir": "/var/lib/flant_gitops/default/git"}
OTHERS = [{**OURS, "machine": "two"}, {**OURS, "instance": "other"}, {**OURS, "git_dir": "/srv/git"}]


@pytest.fixture
def ours(call: Caller, client: APIClient, name: str) -> Iterator[Caller]:
    """Calls for one run of an owner, whose container is removed in the end."""
    yield call.having(identity="this", commands=["echo this"], owner=OURS)
    with contextlib.suppress(Exception):
        client.remove_container(name, v=True, force=True)


@pytest.mark.parametrize("owner", OTHERS)
def test_another_owners_container_is_left_alone(ours: Caller, owner: dict[str, str]) -> None:
    kept = ours(cleanup=False)
    theirs = ours.having(owner=owner)
    for action in ("prepare", "run", "remove"):
        message = theirs(action=action)["msg"]
        assert message.startswith("name: container ")
        assert f"belongs to machine one, instance default, git_dir {OURS['git_dir']}, and not to owner" in message
    assert not theirs(action="adopt")["adopted"]
    assert not ours.having(owner=None)(action="adopt")["adopted"]
    adopted = ours(action="adopt")
    assert (adopted["adopted"], adopted["container_id"]) == (True, kept["container_id"])


def test_a_container_of_nobody_in_particular_is_another_run(ours: Caller) -> None:
    """As those that the version before has made, which had no owner yet."""
    ours(owner=None, cleanup=False)
    assert ours(action="prepare")["existing"] == "other_exited"
    result = ours()
    assert (result["adopted"], result["stdout"]) == (False, "this\n")
    assert "belongs" not in result["warnings"][0]


def test_an_owner_is_busy_under_any_name(ours: Caller, client: APIClient, name: str) -> None:
    started = ours.start("sleep 60")
    until(lambda: client.containers(filters={"name": name, "status": "running"}))
    elsewhere = ours.having(name=f"{name}-renamed", identity="next")
    busy = elsewhere(action="prepare")
    assert (busy["existing"], busy["changed"]) == ("other_running", False)
    assert busy["container_id"] == client.inspect_container(name)["Id"]
    for owner in (*OTHERS, None):
        assert elsewhere(action="prepare", owner=owner)["existing"] == "none"
    assert ours.having(owner=None)(action="remove")["changed"]
    assert finished(started)["failed"]
    assert elsewhere(action="prepare")["existing"] == "none"


def test_an_owners_run_under_its_own_name_is_no_other(ours: Caller, client: APIClient, name: str) -> None:
    long = ours.having(commands=["sleep 60"])
    started = long.start()
    until(lambda: client.containers(filters={"name": name, "status": "running"}))
    assert long(action="prepare")["existing"] == "same"
    assert ours(action="remove")["changed"]
    assert finished(started)["failed"]


def test_runs_of_nobody_in_particular_do_not_keep_each_other_busy(ours: Caller, client: APIClient, name: str) -> None:
    nobodys = ours.having(owner=None)
    started = nobodys.start("sleep 60")
    until(lambda: client.containers(filters={"name": name, "status": "running"}))
    for owner in (None, {**OURS, "git_dir": ""}):
        assert nobodys.having(name=f"{name}-other")(action="prepare", owner=owner)["existing"] == "none"
    assert nobodys(action="remove")["changed"]
    assert finished(started)["failed"]


def test_what_has_ended_under_another_name_keeps_no_owner_busy(ours: Caller, name: str) -> None:
    ours(cleanup=False)
    assert ours.having(name=f"{name}-renamed")(action="prepare")["existing"] == "none"


def test_what_nobody_ended_in_time_under_another_name_is_removed_with_a_warning(
    ours: Caller, client: APIClient, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = ours.start("sleep 600", timeout="5m")
    until(lambda: client.containers(filters={"name": name, "status": "running"}))
    started.kill()
    started.wait()
    monkeypatch.setattr(run, "_OVERDUE_SECONDS", -300.5)  # as if it ran since long ago
    time.sleep(1)
    elsewhere = ours.having(name=f"{name}-renamed", action="prepare")
    assert elsewhere(check_mode=True)["existing"] == "none"
    assert client.containers(filters={"name": name})
    prepared = elsewhere()
    assert prepared["existing"] == "none"
    assert f"still running under the name {name} long after its 300 s" in prepared["warnings"][0]
    assert not client.containers(all=True, filters={"name": name})


def test_a_run_needs_no_name(call: Caller) -> None:
    assert call("echo done", name=None)["stdout"] == "done\n"
    for action in ("prepare", "adopt", "remove", "show"):
        assert call("true", name=None, action=action)["msg"] == f"name: action {action} needs it."
    assert call("true", name=None, cleanup=False)["msg"].startswith("name: ")
