# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Output comes back whole where it is short, bounded where it is long, and never with a secret in it."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container.engine import Attached

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.support.container_call import Caller
    from ansible_collections.flant.gitops.tests.support.engine import Engine
    from docker import APIClient


def test_c6_output_is_complete_from_the_first_byte(call: Caller) -> None:
    result = call("echo first", "seq 20000", "seq 20000 >&2", "echo last")
    numbers = "".join(f"{number}\n" for number in range(1, 20001))
    assert result["stdout"] == f"first\n{numbers}last\n"
    assert result["stderr"] == numbers


def test_c6_the_middle_of_long_output_is_cut_out_and_said_so(call: Caller) -> None:
    result = call("seq 100000", "echo end", max_output="1k")
    head, tail = result["stdout"].split("\n[... ")
    assert head.startswith("1\n2\n3\n")
    assert tail.endswith("\n100000\nend\n")
    assert f"{588899 - 1024} bytes cut out here ...]\n" in tail
    assert len(result["stdout"]) < 1100


def test_c6_long_output_stays_small_on_the_engine_s_disk(call: Caller, client: APIClient, engine: Engine) -> None:
    size = 50_000_000
    result = call(f"head -c {size} /dev/zero | tr '\\0' '\\n'", cleanup=False)
    try:
        assert f"{size - (1 << 20)} bytes cut out" in result["stdout"]
        container = result["container_id"]
        folder = {True: f"data/overlay-containers/{container}", False: f"data/containers/{container}"}[engine.is_podman]
        used = sum(file.stat().st_blocks * 512 for file in (engine.folder / folder).rglob("*"))
        assert used < 3_000_000
        assert client.inspect_container(container)["State"]["Status"] == "exited"
    finally:
        call(action="remove")


def test_output_that_is_no_utf_8_or_controls_a_terminal_is_escaped(call: Caller) -> None:
    result = call(r"printf 'a\377b\n\033[2Jc\r\nd\000e\tf\n\302\233g\342\200\256h\n'")
    assert result["stdout"] == "a\\xffb\n\\x1b[2Jc\\r\nd\\x00e\tf\n\\x9bg\\u202eh\n"
    assert result["stdout_lines"] == ["a\\xffb", "\\x1b[2Jc\\r", "d\\x00e\tf", "\\x9bg\\u202eh"]


def test_closing_both_streams_does_not_end_the_run(call: Caller) -> None:
    result = call("echo before", "exec >&- 2>&-", "sleep 2", "exit 4")
    assert (result["rc"], result["stdout"]) == (4, "before\n")
    assert result["duration"] > 1  # on Podman it begins a little late
    assert result["warnings"] == []


@pytest.fixture
def _cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Break the connection that output comes over once its first piece has come, as a proxy between may."""
    receive = Attached.receive

    def cut_after_the_first(attached: Attached, seconds: float) -> bytes | None:
        data = receive(attached, seconds)
        attached._socket.shutdown(socket.SHUT_RDWR)  # noqa: SLF001 -- nothing shows the connection, as nobody is to break it
        return data

    monkeypatch.setattr(Attached, "receive", cut_after_the_first)


@pytest.mark.usefixtures("_cut")
def test_connection_that_breaks_after_the_last_output_loses_nothing(call: Caller) -> None:
    result = call("echo before", "sleep 2")
    assert (result["stdout"], result["warnings"]) == ("before\n", [])


@pytest.mark.usefixtures("_cut")
def test_output_whose_connection_breaks_is_taken_from_the_log(call: Caller) -> None:
    result = call("echo before", "sleep 2", "echo after", "echo error >&2")
    assert (result["stdout"], result["stderr"]) == ("before\nafter\n", "error\n")
    (warning,) = result["warnings"]
    assert "The connection to the engine was lost" in warning


def test_a_child_left_behind_does_not_delay_the_end(call: Caller) -> None:
    result = call("sleep 300 & echo started")
    assert (result["rc"], result["stdout"]) == (0, "started\n")
    assert result["duration"] < 30


SECRETS = {
    "TOKEN": "s.Geheimnis",
    "PEM": "-----BEGIN-----\nAbCdEf0123\n-----END-----\n",
    "EMPTY": "",
    "UMLAUT": "Grüße",
}


@pytest.mark.parametrize("kept", [False, True])
def test_secrets_are_masked(call: Caller, *, kept: bool) -> None:
    commands = (
        'echo "token=$TOKEN." >&2',
        'echo "$PEM"',
        'echo "$PEM" | head -n 2 | tail -n 1',
        'echo "${UMLAUT}x"',
        'echo "last $TOKEN" >&2; exit 1',
    )
    result = call(*commands, secret_env=SECRETS, identity="x", cleanup=not kept)
    if kept:
        # Whoever takes over need not know the secrets.
        result = call(*commands, action="adopt", identity="x")
        assert result["adopted"]
    assert result["stderr"] == "token=********.\nlast ********\n"
    assert result["stdout"] == "********\n********\n********x\n"
    assert result["msg"].endswith("last ********.")
    assert not any(line in str(result) for value in SECRETS.values() for line in value.splitlines())


def test_a_secret_across_the_cut_is_masked(call: Caller) -> None:
    result = call(
        'printf "%s" 0123456789 "$TOKEN"; seq 1000; printf "%s" "$TOKEN" xyz',
        secret_env={"TOKEN": "s.Geheimnis"},
        max_output="24",
    )
    assert result["stdout"].startswith("0123456789\n[... ")
    assert result["stdout"].endswith("cut out here ...]\nxyz")


def test_a_registry_password_is_masked_in_errors(call: Caller) -> None:
    result = call(
        "true",
        image="127.0.0.1:9/secretword/x@sha256:" + "0" * 64,
        registry_username="x",
        registry_password="secretword",
    )
    assert result["failed"]
    assert "secretword" not in result["msg"]


_MEASURE = """
import sys
from ansible_collections.flant.gitops.tests.support.container_call import Caller
def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
caller = Caller({"docker_host": sys.argv[1], "image": sys.argv[2], "name": sys.argv[3]})
assert not caller("true")["failed"]
before = peak()
assert not caller("head -c 100000000 /dev/zero")["failed"]
print(peak() - before)
"""


def test_long_output_takes_no_memory(call: Caller, name: str) -> None:
    arguments = [str(call.common["docker_host"]), str(call.common["image"]), name]
    command = [sys.executable, "-c", _MEASURE, *arguments]
    path = {"PYTHONPATH": ":".join(sys.path)}
    measured = subprocess.run(command, check=True, capture_output=True, text=True, env=path)
    # A megabyte that is kept, as bytes and as escaped text of four times the length, some times over.
    assert int(measured.stdout) < 64 * 1024
