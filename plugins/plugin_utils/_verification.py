# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""How the ledger of the runs is verified, and what it turns out to be worth."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.plugin_utils._proof import proof
from ansible_collections.flant.gitops.plugins.plugin_utils._values import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_FILE = re.compile(r"[0-9]{4}\.jsonl")
_NO_ROOT = "flant_gitops_verify_known_hosts names no key that the host is known by."
_NOT_SIGNED = "nobody has signed it, as ssh-keygen is not installed on the host."


@dataclass(frozen=True)
class Verification:
    """What is due.

    ``files`` are the names of those to fetch from the target; ``dir`` is the folder of the ledger that is looked at,
    and ``copies`` those of more of it; ``host`` is whose ledger it must be, and empty where copies may be of any.
    """

    makes_folder: bool
    has_folder: bool
    fetches: bool
    files: list[str]
    dir: str
    copies: list[str]
    host: str
    reviews: bool


@dataclass(frozen=True)
class Worth:
    """What was found, and in one sentence whether it ``stands``."""

    proven: dict[str, Any]
    stands: bool
    falls: bool
    sentence: str


def verification(
    *, copies: Sequence[str], repo: str, folder: str, found: Sequence[Mapping[str, Any]], host: str
) -> Verification:
    """Return what is due.

    Args:
        copies: the folders on the controller that hold the ledger and its copies; none for the target's own.
        repo: the repository to verify the commits' signatures in, or an empty text.
        folder: the one that was made for what is fetched, or an empty text.
        found: the files of the target's ledger as it tells them, each with its ``path``; it may tell anything.
        host: what the inventory calls the target.
    """
    names = sorted(str(each["path"]).rpartition("/")[2] for each in found)
    return Verification(
        makes_folder=not copies or repo != "",
        has_folder=folder != "",
        fetches=not copies,
        files=[name for name in names if _FILE.fullmatch(name)],
        dir=copies[0] if copies else folder,
        copies=list(copies[1:]),
        host="" if copies else host,
        reviews=repo != "",
    )


def worth(*, instance: str, repo: str, verified: Mapping[str, Any], reviewed: Sequence[Mapping[str, Any]]) -> Worth:
    """Return what the ledger of ``instance`` is worth.

    Args:
        instance: the instance on the host.
        repo: the repository that the commits' signatures were verified in, or an empty text.
        verified: what ``run_ledger`` has found.
        reviewed: what ``git_signed_commit`` has found of its commits, if there is such a repository.
    """
    proven: Any = plain(proof(verified, reviewed) if repo else verified)
    stands = proven["verdict"] == "authentic"
    reasons = proven["problems"] or [_NO_ROOT if proven["signing_keys"] else _NOT_SIGNED]
    reason = "" if stands else f": {reasons[0]}"
    return Worth(
        proven=proven,
        stands=stands,
        falls=not stands,
        sentence=f"{instance}: the ledger is {proven['verdict']}, {proven['entries']} entries{reason}",
    )
