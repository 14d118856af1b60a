# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls what is beneath the module ``container_command``, here or in a process that may be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.flant.gitops.plugins.module_utils._container.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._container.run import run
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.flant.gitops.tests.support.killing import Kill

DEFAULTS: Mapping[str, object] = {
    "action": "run",
    "image": None,
    "require_digest": True,
    "commands": [],
    "archive": None,
    "archive_sha256": None,
    "files": [],
    "working_dir": "/git",
    "env": {},
    "secret_env": {},
    "identity": "",
    "name": None,
    "owner": None,
    "creates": None,
    "cleanup": True,
    "return_secret_env": False,
    "pull": "missing",
    "registry_username": None,
    "registry_password": None,
    "network_mode": "bridge",
    "user": None,
    "memory": None,
    "cpus": None,
    "pids_limit": 1024,
    "cap_add": [],
    "read_only": False,
    "accept_missing": [],
    "timeout": "30m",
    "max_output": "1 MiB",
    "docker_host": None,
    "tls_ca_cert": None,
    "tls_client_cert": None,
    "tls_client_key": None,
}

_CHILD = """
import json, sys, time
from ansible_collections.flant.gitops.tests.support import killing
given = json.load(sys.stdin)
killing.arrange(given["kill"] and killing.Kill(*given["kill"]))
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible
from ansible_collections.flant.gitops.tests.support.container_call import failed, request, result
time.sleep(max(0, given["at"] - time.time()))
try:
    with interruptible():
        answer = result(request(given["options"], check_mode=False))
except Failure as failure:
    answer = failed(failure)
print(json.dumps(answer))
"""


def request(options: Mapping[str, Any], *, check_mode: bool) -> Request:
    """Return what the module makes of ``options`` and its defaults; paths may be given as such."""
    files = [{"mode": "0644", **file} for file in options.get("files", [])]
    given = {name: os.fspath(value) if isinstance(value, os.PathLike) else value for name, value in options.items()}
    return Request.from_params({**DEFAULTS, **given, "files": files}, check_mode=check_mode)


def failed(failure: Failure) -> dict[str, Any]:
    """Return what the module would return with ``failure``."""
    return {"failed": True, "msg": str(failure), "warnings": list(failure.warnings), **failure.result}


def result(request: Request) -> dict[str, Any]:
    """Return what the module would, its warnings and failures with it."""
    try:
        outcome = run(request)
    except Failure as failure:
        return failed(failure)
    return {"failed": False, "warnings": outcome.warnings, **outcome.result()}


@dataclass(frozen=True)
class Caller:
    """Makes calls that have some options in common."""

    common: Mapping[str, Any] = field(default_factory=dict)

    def having(self, **options: object) -> Caller:
        """Return one whose calls have these options too."""
        return Caller({**self.common, **options})

    def __call__(self, *commands: str, check_mode: bool = False, **options: object) -> dict[str, Any]:
        """Call in this process and return the module's result."""
        try:
            made = request(self._options(commands, options), check_mode=check_mode)
        except Failure as failure:
            return failed(failure)
        return result(made)

    def start(
        self, *commands: str, kill: Kill | None = None, at: float = 0.0, **options: object
    ) -> subprocess.Popen[str]:
        """Call in a process of its own, which prints the result as JSON, or kills itself at ``kill``.

        ``at`` is the time, as ``time.time()`` has it, before which it does not begin: processes that are to call at
        once take different times to get ready.
        """
        process = subprocess.Popen(
            [sys.executable, "-c", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert process.stdin
        given = {"options": self._options(commands, options), "kill": kill, "at": at}
        json.dump(given, process.stdin, default=os.fspath)
        process.stdin.close()
        process.stdin = None
        return process

    def _options(self, commands: tuple[str, ...], options: Mapping[str, object]) -> dict[str, object]:
        return {**self.common, **({"commands": list(commands)} if commands else {}), **options}


def finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return the result of a call that was started."""
    output, _errors = process.communicate(timeout=120)
    answer: dict[str, Any] = json.loads(output)
    return answer
