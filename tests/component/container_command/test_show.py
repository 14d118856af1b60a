# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run is and has written so far can be looked at, and that changes nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support.container_call import finished
from ansible_collections.flant.gitops.tests.support.killing import Kill
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.container_call import Caller
    from docker import APIClient


def test_show_tells_of_a_run_that_is_under_way(call: Caller, client: APIClient, name: str) -> None:
    look = call.having(action="show", image=None)
    assert look() == {
        "failed": False,
        "warnings": [],
        "changed": False,
        "existing": "none",
        "adopted": False,
        "skipped_start": False,
    }
    started = call.start(
        'echo "$TOKEN" begun; echo error >&2; sleep 60', identity="this", secret_env={"TOKEN": "s.Geheimnis"}
    )
    until(lambda: client.containers(filters={"name": name, "status": "running"}))
    until(lambda: look()["stdout"])
    begun = time.monotonic()
    shown = look()
    assert time.monotonic() - begun < 20
    assert (shown["stdout"], shown["stderr"]) == ("******** begun\n", "error\n")
    assert (shown["existing"], shown["identity"], shown["changed"]) == ("other_running", "this", False)
    assert shown["started_at"]
    assert "rc" not in shown
    assert look(identity="this")["existing"] == "same"
    assert look(identity="that")["existing"] == "other_running"
    assert call(action="remove")["changed"]
    assert finished(started)["failed"]


def test_show_tells_of_a_run_that_has_ended_within_bounds(call: Caller) -> None:
    call("seq 1000", identity="this", cleanup=False)
    shown = call(action="show", identity="this", max_output="100")
    assert shown["existing"] == "same"
    assert "bytes cut out here" in shown["stdout"]
    assert len(shown["stdout"]) < 200
    assert call(action="remove")["changed"]


def test_show_leaves_a_container_of_others_alone(call: Caller, client: APIClient, image: str, name: str) -> None:
    container = client.create_container(image, "true", name=name)["Id"]
    try:
        assert "was not made by this module" in call(action="show")["msg"]
    finally:
        client.remove_container(container, v=True, force=True)


def test_show_clears_nothing_away_and_takes_no_half_made_run_for_the_one_asked_for(
    call: Caller, client: APIClient, name: str
) -> None:
    at = Kill("_container.engine", "Engine", "put", after=False)
    begun = call.start("true", identity="this", user="worker", kill=at)
    assert begun.wait(60) == -9
    found = client.inspect_container(name)["Id"]
    shown = call(action="show", identity="this")
    assert (shown["existing"], shown["container_id"]) == ("none", found)
    assert client.inspect_container(name)["Id"] == found
    assert call(action="remove")["changed"]


def test_show_takes_no_other_owners_run_for_the_one_asked_for(call: Caller) -> None:
    owner = {"machine": "one", "instance": "default", "git_dir": "/srv/git"}
    call("true", identity="this", owner=owner, cleanup=False)
    look = call.having(action="show", identity="this")
    assert look(owner=owner)["existing"] == "same"
    for other in (None, {**owner, "machine": "two"}):
        assert look(owner=other)["existing"] == "other_exited"
    assert call(action="remove")["changed"]


def test_g8_show_makes_the_identity_fit_to_be_shown(call: Caller) -> None:
    call("true", identity="a\x1b[2Jb", cleanup=False)
    assert call(action="show")["identity"] == "a\ufffd[2Jb"
    assert call(action="remove")["changed"]
