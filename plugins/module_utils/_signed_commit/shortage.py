# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The sentence that says of a commit which signers it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.check import Selection
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request

_SHOWN = 5


def insufficient(request: Request, selection: Selection) -> str:
    """Return why no commit is chosen, by the commit that ``selection`` is left with."""
    checked, required = selection.checked, request.required_signatures
    carried = shortage([each.signer for each in checked.signers], selection.signers, required)
    rejected = "; ".join(checked.rejected[:_SHOWN])
    if not checked.signers and not checked.rejected:
        rejected = f"it has no signature of its own, and {request.signatures_ref} holds none for it"
    reasons = f" ({rejected})" if rejected else ""
    if request.select_oldest and not request.verify_every:
        return (
            f"required_signatures: no new commit carries the {required} required signatures; "
            f"the newest, {checked.commit.id}, carries {carried}{reasons}."
        )
    return f"required_signatures: commit {checked.commit.id} carries {carried}{reasons}."


def shortage(signed: Sequence[str], signers: Sequence[str], required: int) -> str:
    """Return how many of the ``required`` signers have signed, who they are, and who of ``signers`` is missing."""
    others = [name for name in signers if name not in signed]
    number = required - len(signed)
    named = f": {_listed(signed, 'and')}" if signed else ""
    return f"{len(signed)} of {required}{named}; {_missing(others, number)} missing"


def _missing(others: Sequence[str], number: int) -> str:
    if number >= len(others):
        return f"{_listed(others, 'and')} {'is' if len(others) == 1 else 'are'}"
    if number == 1:
        return f"{_listed(others, 'or')} is"
    return f"{number} of {_listed(others, 'and')} are"


def _listed(names: Sequence[str], conjunction: str) -> str:
    """Return the names as a sentence lists them, the first few of many."""
    shown = list(names) if len(names) <= _SHOWN else [*names[: _SHOWN - 1], f"{len(names) - _SHOWN + 1} others"]
    *most, last = shown
    return f"{', '.join(most)} {conjunction} {last}" if most else last
