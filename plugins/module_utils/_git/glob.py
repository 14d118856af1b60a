# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
r"""Patterns of paths as git's ``:(glob)`` has them, byte by byte (gitglossary, "pathspec").

``?`` and ``*`` stand for no slash; ``**`` between slashes stands for any number of folders, none included. A pattern
without any of ``*?[\\`` is a path and everything below it. Other than for git, ``prod/**`` is also ``prod`` itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, NamedTuple, TypeVar

_Item = TypeVar("_Item")
_Runs = Sequence[Sequence[Callable[[_Item], bool]]]

_SPECIAL = set(b"*?[\\")
_ANY_BYTE = frozenset(range(256))


class Pattern(NamedTuple):
    """A pattern: what the names on a path have to be, in runs between which there may be any number of names."""

    runs: _Runs[bytes]
    literal: bool

    def matches(self, path: bytes) -> bool:
        """Tell whether the pattern is for the file ``path``."""
        names = path.split(b"/")
        return _covers(self.runs, names[: len(self.runs[0])] if self.literal else names)

    def reaches_below(self, path: bytes) -> bool:
        """Tell whether the pattern is for ``path`` or for anything that there could be below it."""
        names, first = path.split(b"/"), self.runs[0]
        if len(names) > len(first) and len(self.runs) == 1 and not self.literal:
            return False
        return all(fits(name) for fits, name in zip(first, names))


def parse(text: str) -> Pattern:
    """Return the pattern that is written as ``text``.

    Raises:
        ValueError: it is none, or could be for no file. The words are fit to stand behind it.
    """
    if not text:
        raise ValueError("is empty")
    if text != text.strip() or not text.isprintable():
        raise ValueError("begins or ends with white space, or holds characters that are not seen")
    if text[0] in ":!":
        raise ValueError(
            "begins as an exception or with git's magic, and there is neither; a rule names what it guards"
        )
    if text[0] == "/" or text[-1] == "/":
        raise ValueError("begins or ends with a slash; a folder with all that is in it is written prod/**")
    components = text.encode().split(b"/")
    if any(component in (b"", b".", b"..") for component in components):
        raise ValueError("has an empty name, . or .. between slashes, which no path in a commit has")
    runs: list[list[Callable[[bytes], bool]]] = [[]]
    for component in components:
        if component == b"**":
            runs.append([])
        else:
            runs[-1].append(_name(component))
    return Pattern(runs, literal=not _SPECIAL & set(text.encode()))


def _covers(runs: _Runs[_Item], items: Sequence[_Item]) -> bool:
    """Tell whether ``items`` are the runs one after the other, with any number of others between two runs.

    Each run is taken where it fits first: were it taken later, no more room would be left for those that follow. So a
    hostile name costs no more than its length times that of the pattern.
    """
    first, last = runs[0], runs[-1]
    position, end = len(first), len(items) - len(last)
    if len(runs) == 1:
        return end == 0 and _fits(first, items, 0)
    if position > end or not _fits(first, items, 0) or not _fits(last, items, end):
        return False
    for run in runs[1:-1]:
        found = next((at for at in range(position, end - len(run) + 1) if _fits(run, items, at)), None)
        if found is None:
            return False
        position = found + len(run)
    return True


def _fits(run: Sequence[Callable[[_Item], bool]], items: Sequence[_Item], position: int) -> bool:
    return all(fits(items[position + index]) for index, fits in enumerate(run))


def _name(component: bytes) -> Callable[[bytes], bool]:
    """Return what tells whether a name is what ``component``, which stands between slashes, is for."""
    if not _SPECIAL & set(component):
        return component.__eq__
    runs: list[list[Callable[[int], bool]]] = [[]]
    position = 0
    while position < len(component):
        character = component[position : position + 1]
        position += 1
        if character == b"*":
            if len(runs) > 1 and not runs[-1]:
                raise ValueError("has asterisks side by side that do not stand between slashes alone")
            runs.append([])
        elif character == b"?":
            runs[-1].append(_ANY_BYTE.__contains__)
        elif character == b"[":
            members, position = _members(component, position)
            runs[-1].append(members.__contains__)
        else:
            if character == b"\\":
                character = component[position : position + 1]
                position += 1
            if not character:
                raise ValueError("has a backslash with nothing behind it")
            runs[-1].append(frozenset(character).__contains__)
    return lambda name: _covers(runs, name)


def _members(component: bytes, position: int) -> tuple[frozenset[int], int]:
    """Return the bytes that a bracket is for, and where it ends; ``position`` is behind its opening."""
    negated = component[position : position + 1] in (b"!", b"^")
    position += negated
    found: set[int] = set()
    start, previous = position, None
    while component[position : position + 1] != b"]" or position == start:
        if component[position : position + 2] == b"[:":
            raise ValueError("names a class of characters such as [:alpha:], which is not known here")
        is_range = component[position : position + 1] == b"-" and previous is not None
        is_range = is_range and component[position + 1 : position + 2] != b"]"
        position += is_range
        position += component[position : position + 1] == b"\\"
        member = component[position : position + 1]
        if not member:
            raise ValueError("opens a bracket that is not closed before the next slash")
        if not member.isascii():
            raise ValueError("has another character than those of ASCII in brackets, which stand for one byte")
        found.update(range(previous, member[0] + 1) if is_range and previous is not None else member)
        previous = None if is_range else member[0]
        position += 1
    return (_ANY_BYTE - found if negated else frozenset(found)), position + 1
