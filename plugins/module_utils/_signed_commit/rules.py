# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Rules by path: whose votes a commit needs besides the number that each commit needs, going by what it changes.

A rule only ever adds. Where it is not known what a commit changes, it changes everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import glob
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._git.changes import Change


class Rule(NamedTuple):
    """So many of the ``signers`` have to sign what changes one of the ``paths``.

    Attributes:
        number: which of the rules it is, from 0.
        paths: as they were given.
        patterns: the same, read.
        required: at least 1, and no more than there are signers.
        signers: their names.
    """

    number: int
    paths: Sequence[str]
    patterns: Sequence[glob.Pattern]
    required: int
    signers: Sequence[str]

    def guards(self, change: Change) -> bool:
        """Tell whether the path of ``change``, or what it may lead to, is one of the paths."""
        return any(
            pattern.matches(change.path) or (change.leads_elsewhere and pattern.reaches_below(change.path))
            for pattern in self.patterns
        )

    def signed(self, names: Collection[str]) -> list[str]:
        """Return which of the signers are among ``names``."""
        return [name for name in self.signers if name in names]


class Applied(NamedTuple):
    """A rule that a commit falls under, and a path for which it does; empty where every path counts as changed."""

    rule: Rule
    path: str = ""


class Demand(NamedTuple):
    """What the rules ask of one commit.

    Attributes:
        applied: those that it falls under.
        everything: why every path counts as changed; empty if it is known which are.
        for_now: whether that may be known at another time.
    """

    applied: Sequence[Applied]
    everything: str = ""
    for_now: bool = False

    def unmet(self, names: Collection[str]) -> list[Applied]:
        """Return what the signatures of ``names`` do not suffice for."""
        return [each for each in self.applied if len(each.rule.signed(names)) < each.rule.required]

    def missing(self, names: Collection[str]) -> int:
        """Return how many more have to sign at the least."""
        return max((each.rule.required - len(each.rule.signed(names)) for each in self.applied), default=0)

    def as_dicts(self, names: Collection[str]) -> list[dict[str, object]]:
        """Return what applies as a module returns it, if ``names`` have signed."""
        return [
            {
                "rule": rule.number,
                "path": path,
                "required": rule.required,
                "signers": rule.signed(names),
            }
            for rule, path in self.applied
        ]


def read(given: Sequence[Mapping[str, Any]], names: Collection[str]) -> tuple[Rule, ...]:
    """Return the rules of a task whose trusted signers are called ``names``.

    Raises:
        Failure: one of them guards nothing, or no commit could ever satisfy it; the sentence begins with where it is.
    """
    return tuple(_rule(number, each, names) for number, each in enumerate(given))


def everything(rules: Iterable[Rule], reason: str, *, for_now: bool = False) -> Demand:
    """Return what the rules ask of a commit that may have changed every path, for some ``reason``."""
    return Demand([Applied(rule) for rule in rules], reason, for_now)


def demand(rules: Sequence[Rule], changes: Iterable[Change]) -> Demand:
    """Return what the rules ask of a commit with these changes, which are read until every rule applies."""
    applied: dict[int, Applied] = {}
    for change in changes:
        for rule in rules:
            if rule.number not in applied and rule.guards(change):
                applied[rule.number] = Applied(rule, printable(change.path))
        if len(applied) == len(rules):
            break
    return Demand([applied[number] for number in sorted(applied)])


def _rule(number: int, given: Mapping[str, Any], names: Collection[str]) -> Rule:
    option, paths, signers = f"rules[{number}]", given["paths"], given["signers"]
    if not paths:
        raise Failure(f"{option}.paths: there is none, so that the rule would guard nothing.")
    patterns = [_pattern(path, f"{option}.paths[{place}]") for place, path in enumerate(paths)]
    if not signers:
        raise Failure(f"{option}.signers: there is none, so that nobody could sign what the rule guards.")
    for place, name in enumerate(signers):
        if name not in names:
            raise Failure(f"{option}.signers[{place}]: {name[:100]!r} is not the name of a trusted signer.")
        if name in signers[:place]:
            raise Failure(f"{option}.signers[{place}]: {name} is there twice, and counts once.")
    required = given["required"]
    if required < 1:
        raise Failure(f"{option}.required: it is {required}, so that the rule would ask for nothing.")
    if required > len(signers):
        raise Failure(f"{option}.required: it is {required}, and there are only {len(signers)} signers.")
    return Rule(number, tuple(paths), patterns, required, tuple(signers))


def _pattern(path: str, option: str) -> glob.Pattern:
    try:
        return glob.parse(path)
    except ValueError as error:
        raise Failure(f"{option}: {path[:100]!r} {error}.") from None
