# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls what is beneath the module ``vault_wrapped_requests``, here or in a process that may be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._vault.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._vault.run import Outcome, run

if TYPE_CHECKING:
    from typing import Any

    from ansible_collections.flant.gitops.tests.support.killing import Kill

_DEFAULTS: dict[str, object] = {
    "vault_tls_server_name": None,
    "vault_cacert": None,
    "vault_namespace": None,
    "auth_method": "approle",
    "auth_mount_point": None,
    "auth_role": None,
    "client_cert_file": None,
    "client_key_file": None,
    "jwt_file": None,
    "approle_mount_point": None,
    "action": "wrap",
    "tokens": [],
    "role_id": None,
    "role_name": None,
    "secret_id": None,
    "secret_id_file": None,
    "secret_id_ttl": None,
    "wrapped_secret_id_file": None,
    "metadata": None,
    "requests": [],
    "revoke_login_token": True,
    "proxy": None,
    "proxy_username": None,
    "proxy_password": None,
    "timeout": "10s",
    "retries": 3,
}
_REQUEST_DEFAULTS: dict[str, object] = {
    "method": "GET",
    "options": None,
    "secret_options": None,
    "wrap_ttl": "1m",
}

_CHILD = """
import json, sys
from ansible_collections.flant.gitops.tests.support import killing
given = json.load(sys.stdin)
killing.arrange(given["kill"] and killing.Kill(*given["kill"]))
if given["file_size_limit"] is not None:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (given["file_size_limit"], resource.RLIM_INFINITY))
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible
from ansible_collections.flant.gitops.plugins.module_utils._vault.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._vault.run import run
try:
    with interruptible():
        print(json.dumps(run(Request.from_params(given["options"], check_mode=False)).result()))
except Failure as failure:
    sys.exit(str(failure))
"""


def parameters(**options: Any) -> dict[str, Any]:  # noqa: ANN401 -- options are of many types
    """Return the module's parameters with the defaults of its argument specification, but a shorter timeout."""
    requests = [{**_REQUEST_DEFAULTS, **request} for request in options.pop("requests", [])]
    return {**_DEFAULTS, **options, "requests": requests}


def call(*, check_mode: bool = False, **options: Any) -> Outcome:  # noqa: ANN401 -- likewise
    """Do what the module does, in this process."""
    return run(Request.from_params(parameters(**options), check_mode=check_mode))


def start(
    kill: Kill | None = None,
    file_size_limit: int | None = None,
    **options: Any,  # noqa: ANN401 -- likewise
) -> subprocess.Popen[str]:
    """Do it in a process of its own, which prints the result, or ends with the reason on stderr and status 1.

    The process kills itself at ``kill``. No file may grow beyond ``file_size_limit`` bytes, which is as if the disk
    were full, for what measures coverage as well.
    """
    unmeasured = file_size_limit is not None
    inherited = {name: value for name, value in os.environ.items() if not (unmeasured and name.startswith("COVERAGE_"))}
    process = subprocess.Popen(
        [sys.executable, "-c", _CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**inherited, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdin
    json.dump({"options": parameters(**options), "kill": kill, "file_size_limit": file_size_limit}, process.stdin)
    process.stdin.close()
    process.stdin = None
    return process
