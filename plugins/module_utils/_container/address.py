# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Where an engine is, and whether what goes there stays between the two."""

from __future__ import annotations

import re

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._loopback import is_loopback

_TCP = re.compile(r"tcp://(?:([A-Za-z0-9._-]+)|\[([0-9A-Fa-f:.]+)\]):[0-9]{1,5}/?", re.ASCII)


def check(address: str, *, tls: bool) -> None:
    """Refuse what is not an engine's address, or would let the network read tokens, and give it the engine.

    Raises:
        Failure: so it is; the sentence names ``docker_host``, which may come from ``DOCKER_HOST``.
    """
    if address.startswith("unix:///"):
        if tls:
            raise Failure("docker_host: tls_* options are for a tcp:// address, not for a socket.")
        return
    if address.startswith("ssh://"):
        raise Failure(
            f"docker_host: {address} cannot be reached over SSH; forward its socket with ssh -L, and name that one."
        )
    match = _TCP.fullmatch(address)
    if not match:
        raise Failure(f"docker_host: {address!r} is neither unix:///path/to/socket nor tcp://host:port.")
    if not tls and not is_loopback(match[1] or match[2]):
        raise Failure(
            f"docker_host: {address} is reached over the network without TLS, which would let it read secret_env and"
            " registry_password; set tls_ca_cert, tls_client_cert and tls_client_key."
        )
