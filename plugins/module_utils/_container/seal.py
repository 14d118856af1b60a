# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Whether a container was made as it was asked for.

An engine creates a container all the same if it cannot do something (limits without the control groups for them), and
adds what its own configuration says (Podman's containers.conf). Both show in what ``GET /containers/{id}/json`` says of
it, before anything of a run is inside. What Podman mounts by its configuration does not show there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.flant.gitops.plugins.module_utils._container.spec import volume_place
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_ONLY_TOLD = "memory_swap"  # many a kernel counts no swap
_OF_ENGINES = {"HOME", "HOSTNAME", "PATH", "TERM", "container"}  # variables that say nothing of the machine


def check(
    asked: Mapping[str, Any], image: Mapping[str, Any], made: Mapping[str, Any], accepted: Iterable[str]
) -> list[str]:
    """Return warnings of limits that the engine does not apply, and that need not be.

    Args:
        asked: the body of ``POST /containers/create``.
        image: the image as the engine describes it.
        made: the container as the engine describes it, before its start.
        accepted: the limits that the engine need not apply, by the names in warnings.

    Raises:
        Failure: it lacks something, or has something that nobody asked for.
    """
    unlike = list(_unlike(asked, image, made))
    if unlike:
        raise Failure(f"docker_host: the engine did not make the container as it was asked to: {'; '.join(unlike)}.")
    missing = list(_missing(asked["HostConfig"], made["HostConfig"]))
    refused = [limit for limit in missing if limit not in (*accepted, _ONLY_TOLD)]
    if refused:
        raise Failure(
            f"{', '.join(refused)}: the engine does not apply the limit, as rootless Podman without control groups of "
            "version 2; name it in accept_missing to run the commands without it."
        )
    return [f"{limit}: the engine does not apply this limit, and the commands run without it." for limit in missing]


def _missing(asked: Mapping[str, Any], made: Mapping[str, Any]) -> Iterator[str]:
    """Yield the limits that are not there, or are higher."""
    if not _is_within(made.get("PidsLimit"), asked["PidsLimit"]):
        yield "pids_limit"
    if asked["Memory"] and not _is_within(made.get("Memory"), asked["Memory"]):
        yield "memory"
    elif asked["Memory"] and not _is_within(made.get("MemorySwap"), asked["MemorySwap"]):
        yield "memory_swap"
    if asked["NanoCpus"] and not _is_within(made.get("NanoCpus"), asked["NanoCpus"]):
        yield "cpus"


def _is_within(made: int | None, asked: int) -> bool:
    return 0 < (made or 0) <= asked


def _unlike(asked: Mapping[str, Any], image: Mapping[str, Any], made: Mapping[str, Any]) -> Iterator[str]:
    """Yield how it differs, but for limits."""
    wanted, got = asked["HostConfig"], made["HostConfig"]
    if got.get("Privileged"):
        yield "it is privileged"
    if not any(option.startswith("no-new-privileges") for option in got.get("SecurityOpt") or ()):
        yield "it may gain privileges"
    if wanted["ReadonlyRootfs"] and not got.get("ReadonlyRootfs"):
        yield "its root file system can be written to"
    if got.get("Init") is False:
        yield "it has no init process"
    network = got.get("NetworkMode")
    if network == "host" or (wanted["NetworkMode"] == "none" and network != "none"):
        yield f"its network is {network}"
    capabilities = {name.upper().removeprefix("CAP_") for name in got.get("CapAdd") or ()} - set(wanted["CapAdd"])
    if capabilities:
        yield f"it has the capabilities {', '.join(sorted(capabilities))}"
    mounts = {mount["Destination"] for mount in made.get("Mounts") or ()} - _places(wanted, image)
    if mounts:
        yield f"it has mounts at {', '.join(sorted(mounts))}"
    variables = _foreign(asked["Env"], (image.get("Config") or {}).get("Env") or (), made["Config"].get("Env") or ())
    if variables:
        yield f"it has variables of the engine's own configuration: {', '.join(variables)}"


def _places(asked: Mapping[str, Any], image: Mapping[str, Any]) -> set[str]:
    """Return where something may be mounted: the working directory, and the volumes that the image declares."""
    declared = (image.get("Config") or {}).get("Volumes") or {}
    return {mount["Target"] for mount in asked["Mounts"]} | {volume_place(path) for path in declared}


def _foreign(asked: Iterable[str], of_image: Iterable[str], made: Iterable[str]) -> list[str]:
    """Return the names of variables that are neither the image's nor the task's, or not the task's value."""
    given = dict(variable.split("=", 1) for variable in asked if "=" in variable)
    known = {variable.partition("=")[0] for variable in (*asked, *of_image)} | _OF_ENGINES
    got = dict(variable.split("=", 1) for variable in made if "=" in variable)
    return sorted(name for name, value in got.items() if name not in known or value != given.get(name, value))
