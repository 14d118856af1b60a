# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The collections that a schedule brings to a host, each pinned by its content, and where they lie there.

All that belong together lie in one folder whose name tells them from others: an upgrade is another folder, which is
complete as soon as it is there, and a run that is going on keeps the one it has begun with.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.plugin_utils import _values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

VARIABLE = "ANSIBLE_COLLECTIONS_PATH"
"""What tells Ansible where the collections are."""

_NAME = "schedule_collections"
_UNFINISHED = ".new"
_URL = re.compile(r"(?:https?|ssh|file)://[A-Za-z0-9@:/._~+%=-]+")
_PASSWORD = re.compile(r"\w+://[^/@]*:[^/@]*@")
_PINS = {  # what pins a source -> what it must match, and that in words
    "sha256": (re.compile(r"[0-9a-f]{64}"), "the SHA-256 of the tarball, in 64 lower-case hexadecimal digits"),
    "commit": (re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}"), "the full id of a commit, in lower-case hexadecimal digits"),
}


@dataclass(frozen=True)
class Collections:
    """What is to be fetched and installed.

    ``folder`` is where the collections lie, and ``unfinished`` where they do so before they are complete. ``tarballs``
    are those to fetch, each with its ``url``, ``checksum`` and ``path``, and ``sources`` is what ansible-galaxy is
    given. ``environment`` lets Ansible find them. ``old`` are the folders that no run uses any more.
    """

    installs: bool
    folder: str
    unfinished: str
    tarballs: list[dict[str, str]]
    sources: list[str]
    environment: dict[str, str]
    old: list[str]


def refuse(given: object, environment: Mapping[str, object]) -> None:
    """Refuse collections that are not pinned, or that Ansible would be told to look for elsewhere.

    Raises:
        Failure: the sentence names the collection.
    """
    for index, item in enumerate(_values.items(given, _NAME)):
        name = f"{_NAME}[{index}]"
        pins = [pin for pin in _PINS if isinstance(item, dict) and set(item) == {"url", pin}]
        if not pins:
            raise Failure(f"{name}: it must have a url, and either sha256 or commit, and nothing else.")
        url, pin = (_values.text(item[key], f"{name}: {key}") for key in ("url", pins[0]))
        if not _URL.fullmatch(url) or _PASSWORD.match(url):
            raise Failure(
                f"{name}: url must be an https, http, ssh or file URL of plain characters, and hold no password."
            )
        form, words = _PINS[pins[0]]
        if not form.fullmatch(pin):
            raise Failure(f"{name}: {pins[0]} must be {words}.")
    if given and VARIABLE in environment:
        raise Failure(f"schedule_environment[{VARIABLE!r}]: {_NAME} says where collections are; leave out one of them.")


def schedule_collections(
    *, given: Sequence[Mapping[str, str]], directory: str, steps: Mapping[str, Mapping[str, Any]], check_mode: bool
) -> Collections:
    """Return what follows from collections that `refuse` has let through.

    Args:
        given: the collections.
        directory: what they are to lie in.
        steps: what the look for their folder has returned as ``there`` and that for all such folders, of the time
            before, as ``before``; empty what has not come.
        check_mode: whether nothing is to be changed.
    """
    digest = hashlib.sha256(json.dumps(list(given), sort_keys=True).encode()).hexdigest()[:12]
    folder = f"{directory}/collections-{digest}"
    unfinished = f"{folder}{_UNFINISHED}"
    tarballs, sources = [], []
    for item in given:
        if "commit" in item:
            sources.append(f"git+{item['url']},{item['commit']}")
            continue
        path = f"{unfinished}/{item['sha256']}.tar.gz"
        tarballs.append({"url": item["url"], "checksum": f"sha256:{item['sha256']}", "path": path})
        sources.append(path)
    others = [each for each in steps["before"].get("files", []) if each["path"] != folder]
    # What was not finished has never been used, and so comes first; the last one may still be.
    others.sort(key=lambda each: (not each["path"].endswith(_UNFINISHED), float(each["mtime"])))
    return Collections(
        installs=bool(given) and not check_mode and not steps["there"].get("stat", {}).get("exists"),
        folder=folder,
        unfinished=unfinished,
        tarballs=tarballs,
        sources=sources,
        environment={VARIABLE: folder} if given else {},
        old=[each["path"] for each in others[:-1]],
    )
