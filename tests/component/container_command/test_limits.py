# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run gets the time, memory and processes it was given, and no more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.container_call import Caller
    from ansible_collections.flant.gitops.tests.support.engine import Engine


def test_c11_a_run_that_takes_too_long_is_killed_with_its_children(call: Caller, name: str) -> None:
    begun = time.monotonic()
    result = call(
        "trap '' TERM INT HUP",
        "(trap '' TERM; while true; do sleep 1; done) & (trap '' TERM; sleep 300) & echo started",
        "echo waiting >&2; wait",
        timeout="2s",
    )
    assert time.monotonic() - begun < 30
    assert result["failed"]
    assert result["timed_out"]
    assert result["rc"] == 137
    assert (result["stdout"], result["stderr"]) == ("started\n", "waiting\n")
    assert result["msg"] == f"The commands in container {name} were killed after 2 s: waiting."
    assert 2 <= result["duration"] < 20


def test_a_run_that_is_killed_while_it_writes_keeps_its_output(call: Caller) -> None:
    result = call("yes", timeout="2s", max_output="1k")
    assert result["timed_out"]
    assert result["stdout"].startswith("y\ny\n")
    assert "cut out here" in result["stdout"]


def test_a_run_that_was_killed_by_itself_has_not_timed_out(call: Caller) -> None:
    result = call("kill -9 $$")
    assert result["rc"] == 137
    assert not result["timed_out"]


def test_c11_an_init_reaps_orphans(call: Caller) -> None:
    """The shell gives way to a program that waits for no child."""
    result = call("(sleep 1; ps -o stat | grep -c Z || true) &", "(sleep 0.1 &)", "exec sleep 4")
    assert result["stdout"] == "0\n"


_EAT = "awk 'BEGIN { while (1) s = s \"0123456789012345678901234567890123456789\" s }'"


def test_c5_the_shell_out_of_memory(call: Caller, engine: Engine) -> None:
    # Of a busy kernel an engine may hear of the end before it hears why, and then never tells.
    for _attempt in range(5):
        result = call(f"exec {_EAT}", memory="24m")
        assert result["failed"]
        assert result["rc"] == 137
        if engine.is_podman or result["oom_killed"]:
            break
    assert engine.is_podman or "ran out of memory and ended with rc 137" in result["msg"]


def test_c5_a_child_out_of_memory_fails_the_run(call: Caller, engine: Engine) -> None:
    result = call(f"{_EAT} || true", "sleep 2", "echo on", memory="24m")
    assert (result["rc"], result["stdout"]) == (0, "on\n")
    if engine.is_podman:  # which does not say so
        assert not result["failed"]
    else:
        assert result["failed"]
        assert result["oom_killed"]
        assert "ran out of memory and ended with rc 0" in result["msg"]


def test_c5_there_is_no_swap_beside_the_memory(call: Caller) -> None:
    limits = "cat /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes || cat /sys/fs/cgroup/memory.swap.max"
    assert call(limits, memory="32 MiB")["stdout"] in (f"{32 << 20}\n", "0\n")


def test_a_fork_bomb_ends_at_the_limit(call: Caller) -> None:
    result = call("bomb() { bomb | bomb & }", "bomb; sleep 2; echo alive", pids_limit=30, timeout="30s")
    assert result["failed"] or "alive" in result["stdout"]
    assert result["duration"] < 35


def test_the_most_processes(call: Caller) -> None:
    command = "n=0; while [ $n -lt 60 ]; do sleep 3 & n=$((n+1)); done; echo all"
    assert "all" not in call(command, pids_limit=30).get("stdout", "")
    assert call(command, pids_limit=200)["stdout"] == "all\n"


def test_cpus(call: Caller) -> None:
    quota = "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us || cat /sys/fs/cgroup/cpu.max"
    assert call(quota, cpus=0.5)["stdout"].split() == ["50000", "100000"]


@pytest.mark.parametrize("timeout", ["1", "1500ms"])
def test_durations_have_units(call: Caller, timeout: str) -> None:
    assert call("sleep 30", timeout=timeout)["timed_out"]
