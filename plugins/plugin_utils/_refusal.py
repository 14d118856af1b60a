# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What must hold before anything is done, in the order in which it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible.errors import AnsibleFilterError
from ansible_collections.flant.gitops.plugins.filter.known_state import known_state
from ansible_collections.flant.gitops.plugins.plugin_utils import _configuration, _consent, _memory, _names

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def refusal(config: Mapping[str, Any]) -> str:
    """Return why ``config`` cannot work, or an empty text.

    Args:
        config: what `_configuration.refusal` takes, and what may be missing: the ``names`` of all variables of the role
            that are set, ``answers`` that have to be yes, the ``memory`` that `_memory.refusal` takes, and as
            ``facts`` what the role remembers.
    """
    refused = _names.refusal(config.get("names", ())) or _consent.refusal(config.get("answers", {}))
    refused = refused or (_memory.refusal(config["memory"]) if "memory" in config else "")
    refused = refused or _configuration.refusal(config)
    if refused or "facts" not in config:
        return refused
    try:
        known_state(config["facts"])
    except AnsibleFilterError as error:
        return str(error)
    return ""
