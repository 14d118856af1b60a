# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""A login that the server's audit log says something of: its secret-id bears metadata, and lives for it alone.

The log has the metadata in clear at each request of the login. A secret-id of a run that is killed ends by itself.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._vault.reply import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ansible_collections.flant.gitops.plugins.module_utils._vault.approle import AppRole
    from ansible_collections.flant.gitops.plugins.module_utils._vault.errand import Errand
    from ansible_collections.flant.gitops.plugins.module_utils._vault.login import Entry

CALLS = 3  # look up, create, destroy
_LONGEST = 1024  # bytes
_SECONDS = 120
_FORBIDDEN = 403


def check(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Return ``metadata`` as the server takes it.

    Raises:
        Failure: it is not texts by their names, or is longer than 1 KiB as JSON.
    """
    for name, value in metadata.items():
        if not isinstance(value, str):
            raise Failure(f"metadata: {name} must be a text.")
    if len(json.dumps(metadata).encode()) > _LONGEST:
        raise Failure("metadata: it must not be longer than 1 KiB.")
    return dict(metadata)


def enter(approle: AppRole, errand: Errand, entry: Entry) -> Entry:
    """Return ``entry`` with a login that bears the metadata, in place of the one that it holds, which is ended.

    Raises:
        Failure: the AppRole's policy does not allow it, or the server cannot be asked.
    """
    first = entry.session
    if not first:
        return entry
    with _explained(approle):
        old = first.client.look_up_secret_id(approle, entry.secret_id).section("data")
        if not old:
            raise Failure(f"role_name: {approle.role_name!r} has no such secret-id, or that was its last use.")
        secret_id = (
            first.client.create_secret_id(
                approle,
                json.dumps(approle.metadata),
                old.texts("cidr_list"),
                old.texts("token_bound_cidrs"),
                ttl=min(_SECONDS, old.number("secret_id_ttl") or _SECONDS),
                num_uses=1,
            )
            .section("data")
            .text("secret_id")
        )
        try:
            session = approle.log_in_anew(errand.client, first, secret_id, errand.custody)
        finally:
            first.client.destroy_secret_id(approle, secret_id)
    session.require_uses(errand.calls)
    if first.revocable:
        errand.custody.revoke(first.token)
    return replace(entry, session=session)


@contextlib.contextmanager
def _explained(approle: AppRole) -> Iterator[None]:
    try:
        yield
    except Rejected as rejected:
        if rejected.status != _FORBIDDEN:
            raise
        path = f"auth/{approle.mount_point}/role/{approle.role_name}/secret-id"
        raise Failure(
            f"metadata: the AppRole's policy must allow update on {path}, {path}/lookup and {path}/destroy, as each "
            f"call logs in with a secret-id of its own that bears it. {rejected}"
        ) from None
