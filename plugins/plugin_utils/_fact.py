# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The fact that the role remembers its instances by, wherever it is kept.

AWX keeps facts as ``<host>``; the jsonfile cache of ansible-core 2.19 and newer looks for ``s1_<host>``. The role
writes both files, so that what one of them forgets the other still has.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._instance import is_instance
from ansible_collections.flant.gitops.plugins.plugin_utils._values import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

FACT = "flant_gitops_state"
_LEADS_OUT = re.compile(r"/|\.\.")


def fact(*, facts: Mapping[str, object], awx_dir: str, host: str) -> object:
    """Return what is remembered of all instances, as it was found: whoever uses it has to check it.

    Args:
        facts: all that Ansible knows of the host.
        awx_dir: where AWX keeps its hosts' facts, a file each; empty outside AWX.
        host: what the inventory calls the host.

    Raises:
        Failure: AWX's file is there and cannot be read.
    """
    if FACT not in facts and awx_dir and not _LEADS_OUT.search(host):
        facts = _of_awx(Path(awx_dir, host))
    return facts.get(FACT, {})


def other_states(*, fact: object, instance: str) -> dict[str, object]:
    """Return what is remembered of all instances but ``instance``, without what cannot be the state of one."""
    found = fact if isinstance(fact, dict) else {}
    return {
        name: plain(state)
        for name, state in found.items()
        if name != instance and isinstance(state, dict) and is_instance(name)
    }


def _of_awx(file: Path) -> Mapping[str, object]:
    try:
        facts = json.loads(file.read_text(encoding="utf-8").strip() or "{}") if file.exists() else {}
    except (OSError, ValueError) as error:
        raise Failure(f"AWX: the host's facts in {file} cannot be read: {error}") from error
    return facts if isinstance(facts, dict) else {}
