# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The first use of a cache: an empty bare repository of the same object format as the server's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.cache import LOCK, UNFILTERED, remove
from ansible_collections.flant.gitops.plugins.module_utils._git.diagnosis import fetch_failure, missing_branch
from ansible_collections.flant.gitops.plugins.module_utils._git.process import run
from ansible_collections.flant.gitops.plugins.module_utils._printable import printable

if TYPE_CHECKING:
    from collections.abc import Collection

    from ansible_collections.flant.gitops.plugins.module_utils._git.cache import Cache
    from ansible_collections.flant.gitops.plugins.module_utils._git.remote import Remote

OBJECT_FORMATS = {40: "sha1", 64: "sha256"}
"""Hexadecimal digits of an id -> the name of the object format, as gitformat-hash-function-transition has them."""

# Whatever the attributes of a commit say, its tree is archived byte for byte.
_ATTRIBUTES = b"* -export-ignore -export-subst -text -eol -crlf -ident -filter -working-tree-encoding\n"


def create(remote: Remote, branch: str, kept: Collection[str]) -> None:
    """Make the cache a repository that can fetch ``branch``; of what is there, only the files ``kept`` stay.

    A `drop` that was cut off may have left refs to objects that are gone.

    Raises:
        Failure: there is no such branch, or the server cannot be reached in time.
    """
    drop(remote.cache, {*kept, UNFILTERED, remote.cache.home.name})
    initialise(remote, _object_format(remote, branch))


def initialise(remote: Remote, object_format: str) -> None:
    """Make the cache an empty repository; what a run that was killed here has left is completed.

    Raises:
        Failure: git cannot write it.
    """
    arguments = ["init", "--quiet", "--bare", "--template=", f"--object-format={object_format}"]
    cache = remote.cache
    ended = run(remote, arguments, offline=True)
    if ended.status != 0:
        raise Failure(f"git_dir: no repository can be made in {cache.path}: {printable(ended.errors)}.")
    cache.attributes.parent.mkdir(exist_ok=True)
    cache.attributes.write_bytes(_ATTRIBUTES)


def begin_unfiltered(cache: Cache, kept: Collection[str]) -> None:
    """Drop the repository, as `drop` does; the next one is fetched as a whole."""
    drop(cache, kept)
    (cache.path / UNFILTERED).touch()


def drop(cache: Cache, kept: Collection[str]) -> None:
    """Remove everything but the lock and the files and folders ``kept``; the attributes first of all."""
    cache.attributes.unlink(missing_ok=True)
    for entry in cache.path.iterdir():
        if entry.name == LOCK or entry.name in kept:
            continue
        remove(entry)


def _object_format(remote: Remote, branch: str) -> str:
    ended = run(remote, ["ls-remote", "--heads", "origin"])
    if ended.status != 0:
        raise fetch_failure(remote, branch, ended.errors)
    for line in ended.output.decode("utf-8", "replace").split("\n"):
        identity, _separator, name = line.partition("\t")
        if name == f"refs/heads/{branch}" and len(identity) in OBJECT_FORMATS:
            return OBJECT_FORMATS[len(identity)]
    raise missing_branch(remote, branch)
