# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The labels by which a run's container is known again."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.plugins.module_utils._container.request import Owner, Request

_PREFIX = "com.flant.gitops."
IDENTITY = f"{_PREFIX}identity"
DIGEST = f"{_PREFIX}digest"
SECRET_ENV = f"{_PREFIX}secret_env"
BUILDER = f"{_PREFIX}builder"
TIMEOUT = f"{_PREFIX}timeout"
FEEDS = f"{_PREFIX}feeds"
MACHINE = f"{_PREFIX}machine"
INSTANCE = f"{_PREFIX}instance"
GIT_DIR = f"{_PREFIX}git_dir"


def digest(request: Request) -> str:
    """Return what a container has to carry to be this run.

    The archive's bytes are not read, the identity stands for them. An archive without one is therefore like no other
    run, not even the same call made again.
    """
    unlike_any_other = secrets.token_hex(16) if request.archive and not request.identity else ""
    described = {
        "identity": request.identity or unlike_any_other,
        "image": request.image.text,
        "commands": request.commands,
        "working_dir": request.working_dir,
        "env": dict(request.env),
        "files": sorted((file.path, file.content.hex(), file.mode) for file in request.files),
        "user": request.user,
        "network_mode": request.network_mode,
        "cap_add": request.cap_add,
    }
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def of_owner(owner: Owner) -> dict[str, str]:
    """Return the labels that say whose a container is."""
    return {MACHINE: owner.machine, INSTANCE: owner.instance, GIT_DIR: owner.git_dir}


def describe(request: Request, run_digest: str, builder: str) -> dict[str, str]:
    """Return the labels for a new container of the run of this digest.

    All are always set: an image's labels of the same names would show through otherwise.
    """
    return {
        **of_owner(request.owner),
        IDENTITY: request.identity,
        DIGEST: run_digest,
        SECRET_ENV: json.dumps(sorted(request.secret_env)),
        BUILDER: builder,
        TIMEOUT: f"{request.timeout:g}",
    }
