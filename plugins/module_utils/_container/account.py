# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Which numbers a container's user stands for, as the engines find them.

They look a name up in the image's own ``/etc/passwd`` and ``/etc/group``
(https://pkg.go.dev/github.com/moby/sys/user#GetExecUser).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

_PASSWD = "/etc/passwd"  # noqa: S105 -- a path
_GROUP = "/etc/group"


@dataclass(frozen=True)
class Account:
    """A user and a group id."""

    uid: int = 0
    gid: int = 0


def resolve(user: str, read: Callable[[str], str]) -> Account:
    """Return the ids of ``user`` (``""``, ``user`` or ``user:group``, each a name or a number).

    ``read`` returns the text of a file in the container, or ``""`` where there is none. It is called only where the
    numbers do not say everything.

    Raises:
        Failure: a name is unknown in the image.
    """
    name, _separator, group = user.partition(":")
    if not name or (_is_number(name) and _is_number(group)):
        return Account(int(name or 0), int(group or 0))
    found = _entry(read(_PASSWD), name, ids=2)
    if found is None and not _is_number(name):
        raise Failure(f"user: {name!r} is not in the image's {_PASSWD}.")
    uid = int(found[2]) if found else int(name)
    if not group:
        return Account(uid, int(found[3]) if found else 0)
    return Account(uid, _group_id(group, read))


def _group_id(group: str, read: Callable[[str], str]) -> int:
    if _is_number(group):
        return int(group)
    found = _entry(read(_GROUP), group, ids=1)
    if found is None:
        raise Failure(f"user: the group {group!r} is not in the image's {_GROUP}.")
    return int(found[2])


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _entry(table: str, wanted: str, *, ids: int) -> list[str] | None:
    """Return the fields of the first line whose name or id is ``wanted``; ``ids`` numbers stand from field 2 on."""
    for line in table.splitlines():
        fields = line.split(":")
        if wanted in (fields[0], *fields[2:3]) and all(map(_is_number, fields[2 : 2 + ids])) and len(fields) > 1 + ids:
            return fields
    return None
