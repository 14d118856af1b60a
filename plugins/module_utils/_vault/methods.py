# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The ways to log in that there are, and which options each of them takes.

A new one is a file beside this one, a function and an entry below, and its options in the module and the role.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ansible_collections.flant.gitops.plugins.module_utils._vault.login import Method
    from ansible_collections.flant.gitops.plugins.module_utils._vault.request import Server


class _Known(NamedTuple):
    load: Callable[[], type[Method]]
    options: frozenset[str]


def _approle() -> type[Method]:
    from ansible_collections.flant.gitops.plugins.module_utils._vault.approle import AppRole

    return AppRole


def _cert() -> type[Method]:
    from ansible_collections.flant.gitops.plugins.module_utils._vault.cert import Cert

    return Cert


def _jwt() -> type[Method]:
    from ansible_collections.flant.gitops.plugins.module_utils._vault.jwt import Jwt

    return Jwt


def _kubernetes() -> type[Method]:
    from ansible_collections.flant.gitops.plugins.module_utils._vault.kubernetes import Kubernetes

    return Kubernetes


_APPROLE = "approle"
_METHODS = {
    _APPROLE: _Known(
        _approle,
        frozenset(
            (
                *("approle_mount_point", "role_name", "role_id"),
                *("secret_id", "secret_id_file", "secret_id_ttl", "wrapped_secret_id_file"),
                "metadata",
            )
        ),
    ),
    "cert": _Known(_cert, frozenset(("auth_role", "client_cert_file", "client_key_file"))),
    "jwt": _Known(_jwt, frozenset(("auth_role", "jwt_file"))),
    "kubernetes": _Known(_kubernetes, frozenset(("auth_role", "jwt_file"))),
}


def method_of(params: Mapping[str, Any], server: Server) -> Method:
    """Return the way to log in that the module's parameters ask for.

    Raises:
        Failure: a parameter is not valid or is for another method, or what is sent could be read on the way; the
            sentence names the option.
    """
    name = params["auth_method"]
    known = _METHODS[name]
    for option in sorted(frozenset().union(*(each.options for each in _METHODS.values())) - known.options):
        if params[option]:
            methods = " or ".join(other for other, each in _METHODS.items() if option in each.options)
            raise Failure(f"{option}: it is for auth_method {methods}, and auth_method is {name}.")
    if server.overheard and name != _APPROLE:
        raise Failure(f"vault_addr: auth_method {name} needs https, as others could read along on the way.")
    return known.load().from_params(params)
