#!/usr/bin/python
# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry point of the module; what it does is in module_utils/_vault."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_wrapped_requests
short_description: Turn requests to Vault or OpenBao into single-use wrapping tokens
version_added: 1.0.0
description:
  - Set C(no_log=true) on the task, as RV(env) holds tokens.
author:
  - flant.gitops contributors (@flant)
extends_documentation_fragment:
  - flant.gitops.attributes
"""

EXAMPLES = r"""
"""

RETURN = r"""
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible
from ansible_collections.flant.gitops.plugins.module_utils._vault.request import Request
from ansible_collections.flant.gitops.plugins.module_utils._vault.run import run

_REQUEST_SPEC = {
    "name": {"type": "str", "required": True},
    "path": {"type": "str", "required": True},
    "method": {"type": "str", "default": "GET", "choices": ["GET", "POST", "LIST", "PUT", "DELETE"]},
    "options": {"type": "dict"},
    "secret_options": {"type": "dict", "no_log": True},
    "wrap_ttl": {"type": "str", "default": "1m"},
}

_ARGUMENT_SPEC = {
    "vault_addr": {"type": "str", "required": True},
    "vault_tls_server_name": {"type": "str"},
    "vault_cacert": {"type": "str"},
    "vault_namespace": {"type": "str"},
    "approle_mount_point": {"type": "str", "default": "auth/approle"},
    "role_name": {"type": "str"},
    "role_id": {"type": "str", "required": True},
    "secret_id": {"type": "str", "no_log": True},
    "secret_id_file": {"type": "path", "no_log": False},
    "secret_id_ttl": {"type": "str", "no_log": False},
    "requests": {"type": "list", "elements": "dict", "default": [], "options": _REQUEST_SPEC},
    "revoke_login_token": {"type": "bool", "default": True, "no_log": False},
    "timeout": {"type": "str", "default": "30s"},
    "retries": {"type": "int", "default": 3},
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=_ARGUMENT_SPEC, supports_check_mode=True)
    try:
        with interruptible():
            outcome = run(Request.from_params(module.params, check_mode=module.check_mode))
    except Failure as failure:
        module.fail_json(msg=str(failure), **failure.result)
    for warning in outcome.warnings:
        module.warn(warning)
    module.exit_json(**outcome.result())


if __name__ == "__main__":
    main()
