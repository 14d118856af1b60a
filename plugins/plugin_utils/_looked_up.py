# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The values of variables, by their names.

Ansible compiles each template anew in each task, and a variable that is none costs nothing: where a dictionary would be
made of dozens of templates that only name a variable each, it has the names, and they are looked up here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_OR_OMIT = " or omit"


class Variables(Protocol):
    """What has the values, filled in, such as the context of a template."""

    def get(self, name: str) -> Any:  # noqa: ANN401 -- users set what they like
        """Return the value of the variable of that name; None if there is none."""


def looked_up(variables: Variables, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values in place of the ``names``, which may be those of another dictionary in turn.

    What is called ``name.key`` is one of the values of a dictionary, and None if it has none of that key. What is
    called ``name or omit`` is left out where it is empty.
    """
    return _looked_up(lru_cache(maxsize=None)(variables.get), names)


def _looked_up(value_of: Callable[[str], Any], names: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, name in names.items():
        if isinstance(name, dict):
            found[key] = _looked_up(value_of, name)
            continue
        variable, *keys = name.removesuffix(_OR_OMIT).split(".")
        value = value_of(variable)
        for each in keys:
            value = value.get(each)
        if value or not name.endswith(_OR_OMIT):
            found[key] = value
    return found
