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
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.rules import Demand, Rule

_SHOWN = 5


def insufficient(request: Request, selection: Selection) -> str:
    """Return why no commit is chosen, by the commit that ``selection`` is left with."""
    checked, required = selection.checked, request.required_signatures
    rejected = "; ".join(checked.rejected[:_SHOWN])
    if checked.demand:
        reasons = f" ({rejected})" if rejected else ""
        return (
            f"rules: commit {checked.commit.id} {_by_rules(checked.demand, checked.names, selection.signers)}{reasons}."
        )
    carried = shortage(checked.names, selection.signers, required)
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
    named = f": {listed(signed, 'and')}" if signed else ""
    return f"{len(signed)} of {required}{named}; {_missing(others, number)} missing"


def _by_rules(demand: Demand, names: Sequence[str], signers: Sequence[str]) -> str:
    unmet = demand.unmet(names)
    lacks = [
        f"{_guarded(rule, path)} {shortage(rule.signed(names), rule.signed(signers), rule.required)}"
        for rule, path in unmet
    ]
    more = [f"and likewise for {len(lacks) - _SHOWN} more rules"] if len(lacks) > _SHOWN else []
    reason = f", and counts as changing every path, as {demand.everything}" if demand.everything else ""
    return f"lacks signatures{reason}: {'; '.join([*lacks[:_SHOWN], *more])}"


def _guarded(rule: Rule, path: str) -> str:
    return f"for {repr(path) if path else listed(rule.paths, 'and')} (rule {rule.number}) it carries"


def _missing(others: Sequence[str], number: int) -> str:
    if number >= len(others):
        return f"{listed(others, 'and')} {'is' if len(others) == 1 else 'are'}"
    if number == 1:
        return f"{listed(others, 'or')} is"
    return f"{number} of {listed(others, 'and')} are"


def listed(names: Sequence[str], conjunction: str) -> str:
    """Return the names as a sentence lists them, the first few of many."""
    shown = list(names) if len(names) <= _SHOWN else [*names[: _SHOWN - 1], f"{len(names) - _SHOWN + 1} others"]
    *most, last = shown
    return f"{', '.join(most)} {conjunction} {last}" if most else last
