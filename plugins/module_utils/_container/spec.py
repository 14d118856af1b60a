# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""How a container is made: every limit and every seal, in one place."""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING, Any

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ansible_collections.flant.gitops.plugins.module_utils._container.dialect import Dialect
    from ansible_collections.flant.gitops.plugins.module_utils._container.request import Request

# The kernel's MAX_ARG_STRLEN less the final NUL: the script is one argument, each variable one string.
_LONGEST_ARGUMENT = 131071
_LEAST_LOG = 1 << 16
# What a client of Vault or OpenBao obeys. An image must not say where the tokens go.
_VAULT_PREFIXES = ("VAULT_", "BAO_")


def script(commands: tuple[str, ...]) -> str:
    """Return the text that one shell runs: a line a command, each shut in so that it cannot spill into the next."""
    return "\n".join(f"eval {shlex.quote(command)}" for command in commands)


def volume_place(path: str) -> str:
    """Return where the engine puts a volume that an image declares at ``path``."""
    return posixpath.normpath(f"/{path.lstrip('/')}")


def create_body(
    request: Request, image: Mapping[str, Any], labels: Mapping[str, str], dialect: Dialect
) -> dict[str, Any]:
    """Return the body of ``POST /containers/create`` for ``image``, which is described as the engine describes it.

    Raises:
        Failure: the image or a text that is too long stands in the way; the sentence names the option.
    """
    config = image.get("Config") or {}
    _check_volumes(config.get("Volumes") or {}, request.working_dir)
    variables = {**request.env, **request.secret_env}
    text = script(request.commands)
    _check_length("commands", text)
    for name, value in variables.items():
        _check_length("secret_env" if name in request.secret_env else "env", f"{name}={value}")
    return {
        "Image": image["Id"],
        "Entrypoint": ["/bin/sh"],
        "Cmd": ["-ec", text],
        "WorkingDir": request.working_dir,
        "User": request.user or config.get("User") or "",
        "Env": [
            *(f"{name}{dialect.unset}" for name in _unwanted(config.get("Env") or ()) if name not in variables),
            *map("=".join, variables.items()),
        ],
        "Labels": dict(labels),
        "Healthcheck": {"Test": ["NONE"]},
        "Tty": False,
        "OpenStdin": False,
        "HostConfig": _host_config(request, dialect),
    }


def feeder_body(image_id: str, volume: str, path: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return the body for a container that is never started, in which ``volume`` can be reached at ``path``."""
    return {
        "Image": image_id,
        "Entrypoint": ["/bin/sh"],
        "Labels": dict(labels),
        "HostConfig": {
            "Mounts": [{"Type": "volume", "Source": volume, "Target": path, "VolumeOptions": {"NoCopy": True}}],
            "NetworkMode": "none",
        },
    }


def _host_config(request: Request, dialect: Dialect) -> dict[str, Any]:
    return {
        "Mounts": [{"Type": "volume", "Target": request.working_dir, "VolumeOptions": {"NoCopy": True}}],
        "NetworkMode": request.network_mode,
        "CapDrop": ["ALL"],
        "CapAdd": list(request.cap_add),
        "SecurityOpt": ["no-new-privileges"],
        "Init": True,
        "Privileged": False,
        "ReadonlyRootfs": request.read_only,
        "PidsLimit": request.pids_limit,
        "Memory": request.memory or 0,
        "MemorySwap": request.memory or 0,
        "NanoCpus": int((request.cpus or 0) * 1_000_000_000),
        "RestartPolicy": {"Name": "no"},
        "AutoRemove": False,
        # About twice what is shown of a stream, so that a run that is taken over still has its end.
        "LogConfig": {
            "Type": dialect.log_driver,
            "Config": {"max-size": str(max(request.max_output, _LEAST_LOG)), **dict(dialect.log_options)},
        },
    }


def _unwanted(image_env: Iterable[str]) -> list[str]:
    """Return the names of the image's own variables for Vault's clients."""
    names = {variable.partition("=")[0] for variable in image_env}
    return sorted(name for name in names if name.startswith(_VAULT_PREFIXES))


def _check_volumes(volumes: Mapping[str, Any], working_dir: str) -> None:
    for path in volumes:
        if volume_place(path).startswith(f"{working_dir}/"):
            raise Failure(
                f"image: it declares a volume at {path}, inside of working_dir, which would hide the tree there."
            )


def _check_length(option: str, text: str) -> None:
    if len(text.encode("utf-8", "surrogateescape")) > _LONGEST_ARGUMENT:
        what = text.partition("=")[0] if option != "commands" else "all of them together"
        raise Failure(f"{option}: {what} is longer than the {_LONGEST_ARGUMENT} bytes the kernel takes; use a file.")
