# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The trees of submodules, at every depth, each from a repository of its own."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.cache import Cache, clear
from ansible_collections.flant.gitops.plugins.module_utils._git.command import GitError
from ansible_collections.flant.gitops.plugins.module_utils._git.creation import OBJECT_FORMATS, initialise
from ansible_collections.flant.gitops.plugins.module_utils._git.diagnosis import explanation
from ansible_collections.flant.gitops.plugins.module_utils._git.packs import put_together
from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote
from ansible_collections.flant.gitops.plugins.module_utils._git.tree import Part
from ansible_collections.flant.gitops.plugins.module_utils._git.undisclosed import passes_by_the_proxy
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._git.tree import Submodule

_FOLDER = "submodules"
_FETCH = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-gc", "--no-write-fetch-head")


def fetch_submodules(part: Part, submodules: Sequence[Submodule]) -> Iterator[Part]:
    """Bring the ``submodules`` in the tree of ``part`` here, and yield each.

    Raises:
        Failure: one of them has no URL, or a refused one; its server does not give the commit, or not in time.
    """
    urls = _urls(part)
    top = part.remote.cache.path
    folder = top.parent if part.prefix else top / _FOLDER  # where submodules of every depth lie, side by side
    for submodule in submodules:
        subject = f"submodules: {printable(part.prefix + submodule.path)}"
        if submodule.path not in urls:
            raise Failure(f"{subject}: the .gitmodules of {part.commit} does not say where it comes from.")
        remote = _fetch(part.remote, folder, urls[submodule.path], submodule.commit, subject)
        yield Part(remote, submodule.commit, f"{part.prefix}{submodule.path}/")


def _urls(part: Part) -> dict[str, str]:
    """Return the URLs of submodules by their paths; see gitmodules(5). A submodule's name plays no part."""
    try:
        output = part.remote.git.output("config", "--null", "--list", "--blob", f"{part.commit}:.gitmodules")
    except GitError:
        raise Failure(f"submodules: the .gitmodules of {part.commit} is missing or cannot be read.") from None
    sections: dict[str, dict[str, str]] = {}
    for setting in os.fsdecode(output).split("\0"):
        name, _separator, value = setting.partition("\n")
        section, _separator, key = name.rpartition(".")
        sections.setdefault(section, {})[key] = value
    return {section["path"]: section["url"] for section in sections.values() if {"path", "url"} <= section.keys()}


def _fetch(parent: Remote, folder: Path, reference: str, commit: str, subject: str) -> Remote:
    access = parent.access.at(parent.access.url.submodule(reference, subject))
    if passes_by_the_proxy(access):
        raise Failure(f"{subject}: it comes by {access.url.scheme}, for which there is no proxy.")
    cache = Cache(folder / hashlib.sha256(access.url.text.encode()).hexdigest())
    remote = Remote(cache, access, parent.timeout)
    cache.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    clear(cache.path)
    cache.prepare_home(access)
    if not cache.ready:
        initialise(remote, OBJECT_FORMATS[len(commit)])
    try:
        if not cache.ref(_pin(commit)):
            put_together(remote)
            _fetch_commit(remote, commit)
    except GitError as error:
        raise Failure(explanation(error.errors, access, subject)) from None
    return remote


def _fetch_commit(remote: Remote, commit: str) -> None:
    """Fetch a commit with its tree and pin it; where the server gives only what its refs point to, all of these."""
    git, access, timeout = remote.git, remote.access, remote.timeout
    try:
        git.output(*_FETCH, "--depth=1", "origin", f"{commit}:{_pin(commit)}", access=access, timeout=timeout)
    except GitError as error:
        if "unadvertised object" not in error.errors:
            raise
        # A name of before may be a folder of names now: what is gone goes first.
        git.output(*_FETCH, "--prune", "origin", "+refs/*:refs/flant_gitops/all/*", access=access, timeout=timeout)
        git.output("update-ref", _pin(commit), commit)


def _pin(commit: str) -> str:
    """Return the ref that says that the whole tree of a submodule's commit is here."""
    return f"refs/flant_gitops/{commit}"
