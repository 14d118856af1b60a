# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What AWX is given for an instance, and what it must not be given."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.plugin_utils import _recurrence
from ansible_collections.flant.gitops.plugins.plugin_utils._values import has_template, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ID = re.compile(r"[0-9]*")  # a number is one of AWX's own


_KINDS = {  # a variable, where AWX's API has what it names, and what people call that
    "flant_gitops_awx_organization": ("organizations", "organization"),
    "flant_gitops_awx_scm_credential": ("credentials", "credential"),
    "flant_gitops_awx_credentials": ("credentials", "credential"),
    "flant_gitops_awx_execution_environment": ("execution_environments", "execution environment"),
}
_WEBHOOK_CREDENTIAL = "flant_gitops_awx_webhook_credential"


@dataclass(frozen=True)
class Credentials:
    """The secrets to write, as ``given`` by their variables, and the names of the ``own`` credentials of the template.

    In check mode AWX has none of what would be created, and its modules fail where one needs another: only what is
    there already ``can_go_on``, and else it is told what ``would_begin``.
    """

    given: list[str]
    own: list[str]
    can_go_on: bool
    would_begin: bool


def awx_refusal(
    *, requests: Sequence[object], variables: Mapping[str, object], rule: object, webhook: Mapping[str, str]
) -> str:
    """Return why AWX could not do with it, or an empty text; its inventory has no mark for what is no template.

    Args:
        requests: the wrapped requests to Vault.
        variables: those that the host gets in AWX.
        rule: when AWX is to run the instance.
        webhook: the ``service`` whose pushes AWX hears, and the ``credential`` to tell it by what has come of one.
    """
    return _shown(requests) or _filled_in(variables) or _not_followed(str(rule)) or _not_heard(webhook)


def awx_needed(*, named: Mapping[str, object], webhook: Mapping[str, str]) -> list[dict[str, object]]:
    """Return what has to be there before the first object is written.

    Each has the ``variable`` that names it, and the ``query`` that finds it.

    Args:
        named: the names, or the ids, by these variables.
        webhook: as for `awx_refusal`; AWX takes a credential for that very service and no other.
    """
    found: list[dict[str, object]] = []
    for variable, names in named.items():
        endpoint, what = _KINDS[variable]
        found += [
            {"variable": variable, "endpoint": endpoint, "what": what, "query": {"name": str(name)}}
            for name in (names if isinstance(names, list) else [names])
            if not _ID.fullmatch(str(name))
        ]
    if not _ID.fullmatch(webhook["credential"]):
        kind = f"{webhook['service']}_token"
        query = {"name": webhook["credential"], "credential_type__namespace": kind}
        found.append(
            {"variable": _WEBHOOK_CREDENTIAL, "endpoint": "credentials", "what": f"{kind} credential", "query": query}
        )
    return found


def awx_credentials(
    *,
    secrets: Mapping[str, object],
    names: Mapping[str, str],
    found: Mapping[str, Sequence[str]],
    update_secrets: bool,
    check_mode: bool,
) -> Credentials:
    """Return what is to become of the secrets.

    Args:
        secrets: their values by their variables; what is not set has no credential, and would be null in a job.
        names: the credentials' names by the same variables.
        found: the names of what AWX has of the instance: its ``credentials`` and its ``templates``.
        update_secrets: whether they are written at all, or those that AWX has are kept.
        check_mode: whether Ansible only looks.
    """
    given = [variable for variable, value in secrets.items() if value]
    own = [names[variable] for variable in given]
    kept = [] if update_secrets else found["credentials"]
    is_there = bool(found["templates"]) and set(own) <= set(found["credentials"])
    can_go_on = not check_mode or is_there
    return Credentials(given, list(dict.fromkeys([*own, *kept])), can_go_on, not can_go_on)


def _shown(requests: Sequence[object]) -> str:
    if not any(each.get("secret_options", {}) != {} for each in requests if isinstance(each, dict)):
        return ""
    return (
        "flant_gitops_vault_requests: AWX would show the secret_options to everyone who may see its inventory; "
        "keep the requests in a file of the project, encrypted with ansible-vault."
    )


def _filled_in(variables: Mapping[str, object]) -> str:
    names = [name for name, value in variables.items() if has_template(json.dumps(plain(value), default=str))]
    if not names:
        return ""
    return (
        f"{', '.join(names)}: a job in AWX would fill in what looks like a template, although it is marked as unsafe "
        "here; keep it in a file of the project."
    )


def _not_followed(rule: str) -> str:
    try:
        _recurrence.check(rule, datetime.now(timezone.utc))
    except Failure as failure:
        return f"flant_gitops_awx_rrule: {failure}"
    return ""


def _not_heard(webhook: Mapping[str, str]) -> str:
    if not webhook["credential"] or webhook["service"]:
        return ""
    return f"{_WEBHOOK_CREDENTIAL}: it goes with flant_gitops_awx_webhook_service, which is not set."
