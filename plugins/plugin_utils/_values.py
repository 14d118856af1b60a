# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Variables as operators write them, in the types that the modules would make of them.

Ansible checks a role's variables and leaves them as they are: a number stays a number where a text is expected.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_TEMPLATE = re.compile(r"{[{%#]")


def text(value: object, name: str) -> str:
    """Return ``value`` as a text: nothing is the empty one.

    Raises:
        Failure: it is neither a text nor a number; the sentence names ``name``.
    """
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Failure(f"{name}: it must be a text; put it in quotes.")
    return str(value)


def items(value: object, name: str) -> list[Any]:
    """Return ``value`` as a list: nothing is the empty one.

    Raises:
        Failure: it is no list; the sentence names ``name``.
    """
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        raise Failure(f"{name}: it must be a list.")
    return list(value)


def texts(value: object, name: str) -> list[str]:
    """Return ``value`` as a list of texts.

    Raises:
        Failure: as in `items` and `text`.
    """
    return [text(item, f"{name}[{index}]") for index, item in enumerate(items(value, name))]


def has_template(text: str) -> bool:
    """Tell whether ``text`` has what begins a template, which Ansible fills in unless it is marked as unsafe."""
    return bool(_TEMPLATE.search(text))


def plain(value: object) -> object:
    """Return ``value`` without the templates that its lists and dictionaries may still be, and with texts as such.

    Before ansible-core 2.19 an inline vault value is a sequence of characters, and no text until it is made one. What
    YAML takes for a date is made the text that Ansible hands over for it.
    """
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) else value


def strict(value: object, spec: Mapping[str, Any], name: str) -> object:
    """Return ``value`` for an option of a module as ``spec`` describes it, where Ansible would guess what is meant.

    Raises:
        Failure: it is neither a text nor a number where a text is expected, or no list where one is; the sentence
            names ``name``.
    """
    if spec["type"] in ("str", "path"):
        return text(value, name)
    if spec["type"] != "list":
        return plain(value)
    if "options" not in spec:
        return texts(value, name)
    return [_record(item, spec["options"], f"{name}[{index}]") for index, item in enumerate(items(value, name))]


def _record(value: object, options: Mapping[str, Any], name: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Failure(f"{name}: it must be a dictionary.")
    given = {str(key): item for key, item in value.items() if item is not None}
    return {
        key: strict(item, options[key], f"{name}: {key}") if key in options else plain(item)
        for key, item in given.items()
    }


def with_texts(config: Mapping[str, Any], names: Iterable[str], prefix: str = "") -> dict[str, Any]:
    """Return ``config`` with what is called ``names`` as texts.

    Raises:
        Failure: as in `text`; the sentence has the name behind the ``prefix``.
    """
    return {**config, **{name: text(config[name], f"{prefix}{name}") for name in names if name in config}}
