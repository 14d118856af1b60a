# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers as engines describe them: Docker 20.10 and 28.5, Podman 4.3 and Podman 4.3 rootless did so."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._container import seal
from ansible_collections.flant.gitops.plugins.module_utils._container.dialect import DOCKER
from ansible_collections.flant.gitops.plugins.module_utils._container.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._container.spec import create_body
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.modules import container_command

IMAGE = {"Id": "sha256:1234", "Config": {"Env": ["PATH=/bin", "LANG=C"], "Volumes": {"/data/": {}}}}
LIMITS: dict[str, Any] = {"pids_limit": 20, "memory": 16 << 20, "cpus": 0.5}
LIMIT_NAMES = container_command.ARGUMENT_SPEC["accept_missing"]["choices"]
AS_ASKED = {
    "PidsLimit": 20,
    "Memory": 16 << 20,
    "MemorySwap": 16 << 20,
    "NanoCpus": 500_000_000,
    "CapAdd": ["CAP_CHOWN"],
    "SecurityOpt": ["no-new-privileges"],
    "ReadonlyRootfs": True,
    "NetworkMode": "none",
    "Init": True,
    "Privileged": False,
}
MOUNTS = [{"Type": "volume", "Destination": "/git"}, {"Type": "volume", "Destination": "/data"}]
ENV = ["GIVEN=x=y", "PATH=/bin", "LANG=C", "TERM=xterm", "container=podman"]


def checked(
    *accepted: str, mounts: object = None, env: object = None, options: dict[str, Any] | None = None, **host: object
) -> list[str]:
    request = {"env": {"GIVEN": "x=y"}, "cap_add": ("CHOWN",), "read_only": True, "network_mode": "none", **LIMITS}
    asked = create_body(Request("run", "name", **{**request, **(options or {})}), IMAGE, {}, DOCKER)
    made = {"HostConfig": {**AS_ASKED, **host}, "Mounts": mounts or MOUNTS, "Config": {"Env": env or ENV}}
    return seal.check(asked, IMAGE, made, accepted)


def refused(*accepted: str, **made: object) -> str:
    with pytest.raises(Failure) as caught:
        checked(*accepted, **made)
    return str(caught.value)


def test_c14_a_container_as_it_was_asked_for_is_taken() -> None:
    assert checked() == []
    assert checked(CapAdd=None, Init=None, SecurityOpt=["no-new-privileges:true"]) == []
    assert checked(mounts=MOUNTS[:1], env=["GIVEN=x=y", "HOSTNAME=a", "HOME=/"]) == []


@pytest.mark.parametrize(
    ("option", "made"),
    [
        ("pids_limit", {"PidsLimit": 0}),
        ("pids_limit", {"PidsLimit": None}),
        ("pids_limit", {"PidsLimit": -1}),
        ("pids_limit", {"PidsLimit": 2048}),
        ("memory", {"Memory": 0}),
        ("memory", {"Memory": 17 << 20}),
        ("cpus", {"NanoCpus": 0}),
        ("pids_limit, memory, cpus", {"PidsLimit": 0, "Memory": 0, "MemorySwap": 0, "NanoCpus": 0}),
    ],
)
def test_c14_a_limit_that_is_not_applied_is_refused_by_name_unless_it_is_accepted(
    option: str, made: dict[str, object]
) -> None:
    assert refused(**made).startswith(f"{option}: the engine does not apply the limit")
    names = option.split(", ")
    assert checked(*names, **made) == [
        f"{name}: the engine does not apply this limit, and the commands run without it." for name in names
    ]
    assert refused(*({*LIMIT_NAMES} - {names[0]}), **made).startswith(f"{names[0]}: ")


@pytest.mark.parametrize("accepted", [(), ("memory_swap",)])
def test_c14_a_limit_of_swap_that_is_dropped_alone_is_told(accepted: tuple[str, ...]) -> None:
    assert [warning.partition(":")[0] for warning in checked(*accepted, MemorySwap=-1)] == ["memory_swap"]


def test_c14_limits_that_nobody_asked_for_are_not_missed() -> None:
    assert checked(options={"memory": None, "cpus": None}, Memory=0, MemorySwap=0, NanoCpus=0) == []


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ({"Privileged": True}, "it is privileged"),
        ({"SecurityOpt": None}, "it may gain privileges"),
        ({"SecurityOpt": ["seccomp=unconfined"]}, "it may gain privileges"),
        ({"ReadonlyRootfs": False}, "its root file system can be written to"),
        ({"Init": False}, "it has no init process"),
        ({"NetworkMode": "bridge"}, "its network is bridge"),
        ({"NetworkMode": "host", "options": {"network_mode": "bridge"}}, "its network is host"),
        ({"CapAdd": ["CHOWN", "CAP_SYS_ADMIN", "net_raw"]}, "it has the capabilities NET_RAW, SYS_ADMIN"),
        ({"mounts": [*MOUNTS, {"Destination": "/etc"}]}, "it has mounts at /etc"),
        ({"env": [*ENV, "B=secret", "A="]}, "it has variables of the engine's own configuration: A, B"),
        ({"env": ["GIVEN=other", *ENV[1:]]}, "it has variables of the engine's own configuration: GIVEN"),
    ],
)
def test_c14_c15_what_is_missing_or_nobody_asked_for_is_refused(made: dict[str, Any], told: str) -> None:
    assert refused(*LIMIT_NAMES, **made) == (
        f"docker_host: the engine did not make the container as it was asked to: {told}."
    )
