# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever ends Ansible, a run is known once: the next call takes it over or starts it, and nothing is left."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.flant.gitops.tests.support.container_call import finished
from ansible_collections.flant.gitops.tests.support.killing import Kill
from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.container_call import Caller
    from docker import APIClient

COMMANDS = ("cat file", 'echo "$TOKEN" >&2', "sleep 1", "date +%s%N", "exit 3")
# Each call of the engine, before and after it, in the order in which a run makes them.
STEPS = ["create", "put", "attach", "start", "wait", "remove"]
STARTED = {("start", True), ("wait", False), ("wait", True), ("remove", False)}


@pytest.mark.contract
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_a_run_killed_at_any_step_has_run_once(
    call: Caller,
    archive: Callable[..., Path],
    step: str,
    *,
    after: bool,
    client: APIClient,
    name: str,
) -> None:
    run = call.having(
        identity="this",
        commands=list(COMMANDS),
        archive=archive(("file", "tree\n")),
        secret_env={"TOKEN": "s.Geheimnis"},
    )
    begun = time.time()
    killed = run.start(kill=Kill("_container.engine", "Engine", step, after))
    assert killed.wait(60) == -signal.SIGKILL
    next_one = run()
    assert next_one["adopted"] is ((step, after) in STARTED)
    assert (next_one["rc"], next_one["stderr"]) == (3, "********\n")
    assert next_one["stdout"].startswith("tree\n")
    assert not client.containers(all=True, filters={"name": name})
    starts = _starts(client, name, begun)
    # When the container of the first run was removed, its result was lost with its reader.
    assert starts == (2 if (step, after) == ("remove", True) else 1)


def _starts(client: APIClient, name: str, since: float) -> int:
    """Count what the engine has written down, to its end.

    Podman stops reading its own file at ``until``, however far it has come; by its option ``stream`` it reads on.
    """
    window: dict[str, Any] = {"since": int(since), "until": int(time.time()) + 1, "stream": "false"}
    filters = json.dumps({"container": [name], "event": ["start"]})
    told = client.get(f"{client.base_url}/v{client.api_version}/events", params={**window, "filters": filters})
    return sum(json.loads(line)["Action"] == "start" for line in told.text.splitlines())


@pytest.mark.parametrize("step", STEPS)
def test_what_a_kill_leaves_is_told_and_cleared_by_prepare(
    call: Caller, archive: Callable[..., Path], step: str, client: APIClient, name: str
) -> None:
    run = call.having(identity="this", commands=["echo once"], archive=archive(("file", "x")), cleanup=False)
    run.start(kill=Kill("_container.engine", "Engine", step, after=True)).wait(60)
    prepared = run(action="prepare")
    adopted = run(action="adopt")
    if step in ("start", "wait", "remove"):
        assert prepared["existing"] == adopted["existing"] == "same"
        assert adopted["stdout"] == "once\n"
        assert run(action="remove")["changed"]
    else:
        assert prepared["existing"] == adopted["existing"] == "none"
    assert not client.containers(all=True, filters={"name": name})


@pytest.mark.contract
@pytest.mark.parametrize("next_action", ["run", "prepare", "remove"])
@pytest.mark.parametrize(("step", "after"), [("put", False), ("put", True)])
def test_c13_what_a_tree_is_sent_through_is_left_by_no_kill(
    call: Caller, archive: Callable[..., Path], step: str, next_action: str, client: APIClient, *, after: bool
) -> None:
    """`_nothing_left` sees what is left: on Docker a second container that holds the volume."""
    run = call.having(commands=["cat file"], archive=archive(("file", "x\n")), user="worker", read_only=True)
    killed = run.start(identity="this", kill=Kill("_container.engine", "Engine", step, after))
    assert killed.wait(60) == -signal.SIGKILL
    assert client.containers(all=True)
    assert not run(identity="" if next_action == "remove" else "next", action=next_action).get("failed")


@pytest.mark.parametrize("cleanup", [True, False])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_interrupted_run_is_killed_and_removed(
    call: Caller,
    client: APIClient,
    name: str,
    number: int,
    *,
    cleanup: bool,
) -> None:
    process = call.start("sleep 60", cleanup=cleanup)
    until(lambda: client.containers(filters={"name": name, "status": "running"}))
    process.send_signal(number)
    result = finished(process)
    assert result["msg"].startswith(f"Interrupted by {signal.Signals(number).name}")
    assert not client.containers(all=True, filters={"name": name})


def test_an_upload_that_is_interrupted_leaves_nothing(
    call: Caller, client: APIClient, name: str, archive: Callable[..., Path]
) -> None:
    tree = archive(*((f"file{number}", "x" * 1_000_000) for number in range(200)))
    process = call.start("true", archive=tree)
    until(lambda: client.containers(all=True, filters={"name": name}))
    process.terminate()
    assert "Interrupted by SIGTERM" in finished(process)["msg"]
    assert not client.containers(all=True, filters={"name": name})


def test_a_taken_over_run_goes_on_when_the_second_caller_is_killed_too(call: Caller) -> None:
    run = call.having(identity="this", commands=["sleep 6; echo done"])
    for step, after in (("start", True), ("wait", False)):
        killed = run.start(kill=Kill("_container.engine", "Engine", step, after))
        assert killed.wait(60) == -signal.SIGKILL
    result = run()
    assert (result["adopted"], result["stdout"]) == (True, "done\n")
