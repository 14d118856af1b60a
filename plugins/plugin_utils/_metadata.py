# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What Vault's audit log is told of a run: enough to find it in the host's ledger, and always short enough."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ansible.module_utils.parsing.convert_bool import boolean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.flant.gitops.plugins.plugin_utils._step import Step

_LONGEST_HOST, _LONGEST_SIGNERS = 100, 300  # characters, so that all of it stays below 1 KiB


def is_wanted(chosen: object, secret_id_file: str | None) -> bool:
    """Return whether Vault is to be told anything, which its policy has to allow for.

    Args:
        chosen: what the operator says to that, as Ansible reads truth; empty, if that is nothing.
        secret_id_file: the file of a secret-id that the role rotates, whose policy allows for as much; or nothing.
    """
    return bool(secret_id_file) if chosen in ("", None) else bool(boolean(chosen, strict=False))


def metadata(host: str, instance: str, poll: Step, begin: Step) -> dict[str, str]:
    """Return it; what is not known is left out, and what is too long is named by its digest.

    Args:
        host: what the inventory calls the host.
        instance: the instance on it.
        poll: the poll that has found the commit.
        begin: the step that has said in the ledger that the run begins.
    """
    said = {
        "instance": instance,
        "host": _short(host, _LONGEST_HOST),
        "commit": str(poll.get("commit")),
        "signers": _named(poll.get("signers", default=[])),
        "required": str(poll.get("required_signatures", default=0)),
        "run": str(begin.get("run")),
        "ledger": str(begin.get("head")),
    }
    return {name: value for name, value in said.items() if value}


def _named(signers: Sequence[str]) -> str:
    names = ", ".join(signers)
    digest = _short(names, _LONGEST_SIGNERS)
    return names if digest == names else f"{len(signers)} signers, {digest}"


def _short(text: str, longest: int) -> str:
    if text.isascii() and text.isprintable() and len(text) <= longest:
        return text
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
