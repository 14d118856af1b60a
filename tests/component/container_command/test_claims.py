# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The name is a lock: what stands under it is waited for, taken, replaced or left alone."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container import engine as engine_client
from ansible_collections.flant.gitops.plugins.module_utils._container import labels, run
from ansible_collections.flant.gitops.tests.support.container_call import finished
from ansible_collections.flant.gitops.tests.support.killing import Kill
from ansible_collections.flant.gitops.tests.support.waiting import until
from docker.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.container_call import Caller
    from ansible_collections.flant.gitops.tests.support.engine import Engine
    from docker import APIClient


@pytest.fixture
def this(call: Caller, client: APIClient, name: str) -> Iterator[Caller]:
    """Calls for one run, whose container is removed in the end."""
    yield call.having(identity="this", commands=["echo this"])
    with contextlib.suppress(Exception):
        client.remove_container(name, v=True, force=True)


@pytest.fixture
def running(client: APIClient, name: str) -> Callable[[], None]:
    """Wait until the container runs."""
    return lambda: until(lambda: client.containers(filters={"name": name, "status": "running"}))


def test_prepare_starts_nothing_and_says_so(this: Caller, image: str, client: APIClient, name: str) -> None:
    result = this(action="prepare")
    assert (result["changed"], result["existing"], result["image_id"]) == (False, "none", image)
    assert not client.containers(all=True, filters={"name": name})


@pytest.mark.parametrize("check_mode", [False, True])
def test_prepare_says_what_stands_there(this: Caller, *, check_mode: bool) -> None:
    kept = this(cleanup=False)
    same = this(action="prepare", check_mode=check_mode)
    assert (same["existing"], same["changed"]) == ("same", False)
    for key in ("container_id", "image_id", "started_at"):
        assert same[key] == kept[key]
    other = this(action="prepare", identity="other", check_mode=check_mode)
    assert (other["existing"], other["changed"]) == ("other_exited", False)


def test_a_running_run_is_waited_for_and_its_result_taken(this: Caller, running: Callable[[], None]) -> None:
    started = this.start("echo before; sleep 3; echo after; exit 7", cleanup=False)
    running()
    prepared = this("echo before; sleep 3; echo after; exit 7", action="prepare")
    assert prepared["existing"] == "same"
    adopted = this("echo before; sleep 3; echo after; exit 7", action="adopt", cleanup=False)
    assert adopted["adopted"]
    assert adopted["existing"] == "same"
    assert (adopted["rc"], adopted["stdout"]) == (7, "before\nafter\n")
    assert adopted["started_at"] == prepared["started_at"]
    first = finished(started)
    assert (first["rc"], first["stdout"], first["adopted"]) == (7, "before\nafter\n", False)


def test_a_run_that_is_removed_while_somebody_waits_for_it_is_gone(
    this: Caller, running: Callable[[], None], client: APIClient, name: str
) -> None:
    started = this.start("sleep 60", cleanup=False)
    running()
    waiting = this.start("sleep 60", action="adopt", cleanup=False)
    time.sleep(2)
    client.remove_container(name, v=True, force=True)
    assert finished(started)["failed"]
    waited = finished(waiting)
    # It may still have been there, killed, when they looked.
    assert waited.get("rc") == 137 or (waited["changed"], waited["existing"]) == (False, "none")


def test_an_exited_run_is_taken_and_removed(this: Caller, client: APIClient, name: str) -> None:
    kept = this(cleanup=False)
    assert kept["changed"]
    taken = this(action="adopt")
    assert (taken["changed"], taken["adopted"], taken["existing"]) == (True, True, "same")
    for key in ("rc", "stdout", "stderr", "container_id", "image_id", "started_at", "finished_at", "duration"):
        assert taken[key] == kept[key]
    assert not client.containers(all=True, filters={"name": name})
    gone = this(action="adopt")
    assert (gone["failed"], gone["changed"], gone["existing"]) == (False, False, "none")
    assert "rc" not in gone


def test_run_takes_the_same_run_s_result_too(this: Caller) -> None:
    kept = this("date +%s%N", cleanup=False)
    again = this("date +%s%N")
    assert again["adopted"]
    assert again["stdout"] == kept["stdout"]
    assert not this("date +%s%N")["adopted"]


@pytest.mark.parametrize(
    "difference",
    [
        {"identity": "other"},
        {"commands": ["echo other"]},
        {"working_dir": "/other"},
        {"env": {"A": "2"}},
        {"files": [{"path": "/f", "content": "other"}]},
        {"files": [{"path": "/f", "content": "x", "mode": "0600"}]},
        {"user": "worker"},
        {"network_mode": "none"},
        {"cap_add": ["CHOWN"]},
    ],
)
def test_what_makes_another_run(this: Caller, difference: dict[str, Any]) -> None:
    run = this.having(env={"A": "1"}, files=[{"path": "/f", "content": "x"}])
    run(cleanup=False)
    other = run(action="adopt", **difference)
    assert (other["existing"], other["changed"]) == ("other_exited", False)
    assert run(action="adopt")["existing"] == "same"


@pytest.mark.parametrize(
    "difference",
    [
        {"timeout": "5m"},
        {"max_output": "2k"},
        {"pull": "never"},
        {"memory": "64m"},
        {"cpus": 1.0},
        {"pids_limit": 50},
        {"registry_username": "x", "registry_password": "y"},
        {"secret_env": {"TOKEN": "another"}},
        {"cleanup": True},
        {"creates": "/"},
    ],
)
def test_what_makes_no_other_run(this: Caller, difference: dict[str, Any]) -> None:
    run = this.having(secret_env={"TOKEN": "one"})
    run(cleanup=False)
    assert run(action="adopt", **difference)["existing"] == "same"


def test_an_identity_stands_for_the_archive(this: Caller, archive: Callable[..., Path]) -> None:
    this(archive=archive(("file", "x")), cleanup=False)
    assert this(action="prepare")["existing"] == "same"
    assert this(archive=archive(("file", "y")))["adopted"]


def test_an_archive_without_an_identity_is_never_taken_over(this: Caller, archive: Callable[..., Path]) -> None:
    unnamed = this.having(identity="", archive=archive(("file", "x")))
    unnamed(cleanup=False)
    assert unnamed(action="adopt")["existing"] == "other_exited"
    again = unnamed()
    assert not again["adopted"]
    assert again["existing"] == "other_exited"


def test_another_run_that_ended_is_replaced_with_a_warning(this: Caller, name: str) -> None:
    this("exit 9", cleanup=False)
    result = this("echo next", identity="next")
    assert (result["stdout"], result["existing"]) == ("next\n", "other_exited")
    assert result["warnings"] == [
        f"The container of another run, which ended with rc 9, stood under the name {name} and was removed."
    ]
    assert this("exit 9", cleanup=False)["failed"]
    failed = this("exit 1", identity="next")
    assert len(failed["warnings"]) == 1


def test_another_run_that_is_under_way_is_busy(this: Caller, running: Callable[[], None], name: str) -> None:
    started = this.start("sleep 60")
    running()
    busy = this("echo other", identity="other")
    assert busy["failed"]
    assert busy["existing"] == "other_running"
    assert busy["started_at"]
    assert busy["msg"] == (f"Container {name} belongs to another run, which is under way since {busy['started_at']}.")
    assert this("echo other", identity="other", check_mode=True)["existing"] == "other_running"
    prepared = this("echo other", identity="other", action="prepare")
    assert (prepared["existing"], prepared["started_at"]) == ("other_running", busy["started_at"])
    adopted = this("echo other", identity="other", action="adopt")
    assert (adopted["failed"], adopted["changed"], adopted["existing"]) == (False, False, "other_running")
    assert not this(action="remove", identity="other")["changed"]
    assert this(action="remove", identity="this")["changed"]
    assert finished(started)["failed"]


def test_another_run_that_nobody_ended_in_time_is_replaced_with_a_warning(
    this: Caller, running: Callable[[], None], client: APIClient, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = this.start("sleep 600", timeout="5m")
    running()
    started.kill()
    started.wait()
    assert this(action="prepare", identity="next")["existing"] == "other_running"
    monkeypatch.setattr(run, "_OVERDUE_SECONDS", -300.5)  # as if it ran since long ago
    time.sleep(1)
    assert this(action="prepare", identity="next", check_mode=True)["existing"] == "none"
    assert client.containers(filters={"name": name})
    prepared = this(action="prepare", identity="next")
    assert prepared["existing"] == "none"
    (warning,) = prepared["warnings"]
    assert f"still running under the name {name} long after its 300 s, was killed and removed" in warning
    assert not client.containers(all=True, filters={"name": name})


def test_remove_without_identity_cancels_whatever_runs(
    this: Caller, running: Callable[[], None], client: APIClient, name: str
) -> None:
    started = this.start("sleep 60")
    running()
    assert this(action="remove", identity="", check_mode=True)["changed"]
    assert client.inspect_container(name)["State"]["Running"]
    assert this(action="remove", identity="")["changed"]
    cancelled = finished(started)
    assert cancelled["failed"]
    assert cancelled.get("rc") == 137 or "was removed by somebody else" in cancelled["msg"]
    assert not client.containers(all=True, filters={"name": name})
    gone = this(action="remove", identity="")
    assert (gone["changed"], gone["existing"]) == (False, "none")


def test_remove_needs_nothing_but_the_name(call: Caller, name: str, engine: Engine) -> None:
    call("true", identity="x", cleanup=False)
    bare = type(call)({"docker_host": engine.url, "name": name})
    assert not bare(action="remove", identity="y")["changed"]
    assert bare(action="remove", identity="x")["changed"]


def _foreign(client: APIClient, image: str, name: str, *command: str) -> str:
    config = {"Image": image, "Entrypoint": list(command), "Labels": {labels.TIMEOUT: "1"}}  # as its image may have it
    return str(client.create_container_from_config(config, name)["Id"])


def _is_there(client: APIClient, name: str) -> bool:
    """Whether the name leads to a container, which on Docker it does a little after the list has it."""
    try:
        return bool(client.inspect_container(name))
    except NotFound:
        return False


@pytest.mark.parametrize("state", ["created", "exited"])
@pytest.mark.parametrize("action", ["run", "prepare", "remove"])
def test_a_foreign_container_is_left_alone(
    this: Caller, client: APIClient, image: str, name: str, action: str, state: str
) -> None:
    container = _foreign(client, image, name, "/bin/true")
    if state == "exited":
        client.start(container)
        client.wait(container)
    result = this(action=action)
    assert result["msg"] == f"name: container {name} was not made by this module, so it is left alone."
    assert this(action="adopt")["existing"] == "other_exited"
    assert client.inspect_container(container)["Id"] == container


def test_a_foreign_container_that_runs_is_busy(
    this: Caller, client: APIClient, image: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_OVERDUE_SECONDS", -60.0)
    client.start(_foreign(client, image, name, "/bin/sleep", "60"))
    assert this(action="prepare")["existing"] == "other_running"
    assert this()["existing"] == "other_running"


def test_c9_a_half_made_container_is_never_started(this: Caller, client: APIClient, name: str) -> None:
    abandoned = this.start(kill=Kill("_container.engine", "Engine", "put", after=False), user="worker")
    assert abandoned.wait(60) == -9
    found = client.inspect_container(name)["Id"]
    assert this(action="adopt", user="worker")["existing"] == "none"
    assert client.inspect_container(name)["Id"] == found
    assert this(action="prepare", user="worker", check_mode=True)["existing"] == "none"
    assert this(action="prepare", user="worker")["existing"] == "none"
    assert not client.containers(all=True, filters={"name": name})


def test_c9_a_paused_run_is_still_under_way(
    this: Caller, running: Callable[[], None], client: APIClient, name: str, engine: Engine
) -> None:
    if engine.is_podman:
        return  # it cannot pause without the freezer of cgroup v2
    started = this.start("sleep 60", cleanup=False)
    running()
    client.pause(name)
    assert this("sleep 60", action="prepare")["existing"] == "same"
    assert this(identity="other")["existing"] == "other_running"
    timed_out = this("sleep 60", action="adopt", timeout="1s", cleanup=False)
    assert timed_out["timed_out"]
    assert finished(started)["failed"]


def test_c9_a_container_that_is_going_away_is_waited_for(this: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a container takes to go cannot be told to an engine."""
    look = engine_client.Engine.container

    def look_as_it_goes(self: engine_client.Engine, name: str) -> dict[str, Any] | None:
        monkeypatch.setattr(engine_client.Engine, "container", look)
        described = look(self, name)
        assert described
        described["State"]["Status"] = "removing"
        return described

    going = this(cleanup=False)
    monkeypatch.setattr(engine_client.Engine, "container", look_as_it_goes)
    result = this()
    assert (result["rc"], result["adopted"]) == (0, False)
    assert result["container_id"] != going["container_id"]


def test_creates_skips_the_start(this: Caller, tmp_path: Path, client: APIClient, name: str) -> None:
    path = tmp_path / "superseded"
    assert this(creates=path)["changed"]
    path.touch()
    result = this(creates=path)
    assert (result["failed"], result["changed"], result["skipped_start"]) == (False, False, True)
    assert "rc" not in result
    assert not client.containers(all=True, filters={"name": name})


def test_creates_is_looked_at_when_the_name_is_held(this: Caller, tmp_path: Path) -> None:
    """A second caller that comes while the first runs finds the path that the first one made before it let go."""
    path = tmp_path / "superseded"
    kept = this(cleanup=False)
    assert kept["changed"]
    path.touch()
    other = this(identity="other", creates=path)
    assert other["skipped_start"]


def test_c8_two_callers_at_once_start_one_run(this: Caller) -> None:
    for _index in range(3):
        at = time.time() + 3
        calls = [this.start("date +%s%N; sleep 2", at=at) for _index in range(3)]
        results = [finished(call) for call in calls]
        # The one that takes the result last may find that another one has removed the container.
        outputs = {result["stdout"] for result in results if "stdout" in result}
        assert len(outputs) == 1, results
        assert sum(result.get("adopted") is False and "rc" in result for result in results) <= 1
        for result in results:
            assert result.get("rc") == 0 or "removed by somebody else" in result["msg"]


def test_c8_two_callers_with_different_runs_start_one_at_a_time(this: Caller) -> None:
    calls = [this.start("sleep 600", identity=f"run {number}") for number in range(3)]
    until(lambda: sum(call.poll() is not None for call in calls) == 2)
    assert this(action="remove", identity="")["changed"]
    results = [finished(call) for call in calls]
    assert all(result["failed"] for result in results)
    assert [result.get("existing") for result in results].count("other_running") == 2


def test_c8_a_caller_waits_for_one_that_is_still_sending(
    this: Caller, archive: Callable[..., Path], client: APIClient, name: str
) -> None:
    tree = archive(*((f"file{number}", "x" * 1_000_000) for number in range(150)))
    first = this.start("date +%s%N; sleep 1", archive=tree, cleanup=False)
    until(lambda: _is_there(client, name))
    if client.inspect_container(name)["State"]["Status"] == "created":
        assert this("date +%s%N; sleep 1", archive=tree, action="prepare")["existing"] in ("other_running", "same")
    second = this("date +%s%N; sleep 1", archive=tree, cleanup=False)
    assert second["adopted"]
    assert finished(first)["stdout"] == second["stdout"]


def test_c11_the_time_of_an_adopted_run_counts_from_its_start(this: Caller, running: Callable[[], None]) -> None:
    started = this.start("sleep 60", cleanup=False)
    running()
    time.sleep(5)
    begun = time.monotonic()
    result = this("sleep 60", action="adopt", timeout="6s", cleanup=False)
    assert time.monotonic() - begun < 6
    assert result["timed_out"]
    assert result["rc"] == 137
    assert result["duration"] > 5
    assert finished(started)["failed"]
    # And it still has when it is taken once more.
    assert this("sleep 60", action="adopt", timeout="6s")["timed_out"]


def test_v19_remove_returns_what_was_secret_where_that_is_asked_for(call: Caller) -> None:
    for revealed in (True, False):
        call("true", identity="this", cleanup=False, secret_env={"TOKEN": "s.Geheimnis"})
        removed = call(action="remove", return_secret_env=revealed)
        assert removed.get("secret_env") == ({"TOKEN": "s.Geheimnis"} if revealed else None)
    assert "secret_env" not in call(action="remove", return_secret_env=True)
    refused = call("true", return_secret_env=True)
    assert refused["msg"] == "return_secret_env: it is for action remove, after which nobody else has them."
