# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The names of the role's variables: one that nobody reads was meant for another."""

from __future__ import annotations

import difflib
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPECS = Path(__file__).resolve().parents[2] / "roles/flant_gitops/meta/argument_specs.yml"
_OPTION = re.compile(r"^ {6}(\w+):", re.MULTILINE)
_OTHERS = frozenset({"flant_gitops_hosts", "flant_gitops_state", "flant_gitops_event"})
_USERS_OWN = "flant_gitops_my_"


def refusal(names: Iterable[str]) -> str:
    """Return why one of ``names`` cannot be meant, or an empty text.

    Users keep what is their own under ``flant_gitops_my_``.
    """
    unknown = sorted(name for name in names if name not in known() and not name.startswith(_USERS_OWN))
    if not unknown:
        return ""
    nearest = difflib.get_close_matches(unknown[0], sorted(known()))
    meant = f"did you mean {nearest[0]}?" if nearest else f"name a variable of your own {_USERS_OWN}..."
    return f"{unknown[0]}: flant.gitops does not know this variable, so that it would have no effect; {meant}"


@lru_cache(maxsize=1)
def known() -> frozenset[str]:
    """Return the variables of all of the role's entry points and playbooks.

    Each poll asks, and all it needs of the specs are the lines where an option begins; to parse them takes 15 ms.
    """
    return _OTHERS.union(_OPTION.findall(_SPECS.read_text(encoding="utf-8")))
