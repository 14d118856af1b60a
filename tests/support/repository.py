# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upstream repositories, honest or hostile, built object by object."""

from __future__ import annotations

import itertools
import subprocess
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support import signature_notes
from ansible_collections.flant.gitops.tests.support.environment import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ansible_collections.flant.gitops.tests.support.signers import Signer

_ANYBODY = "A. Author <author@example.test>"
_START = 1_700_000_000


class Repository:
    """A bare repository, a new one unless there is one; each commit is a minute younger than the one made before it."""

    def __init__(self, path: Path, object_format: str = "sha1") -> None:
        self.path = path
        self.object_format = object_format
        self._numbers = itertools.count()
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._git_anywhere("init", "--quiet", "--bare", f"--object-format={object_format}", str(path))

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        return self.git_bytes(*arguments, stdin=stdin).decode("utf-8", "replace").strip()

    def git_bytes(self, *arguments: str, stdin: bytes = b"") -> bytes:
        return self._git_anywhere(f"--git-dir={self.path}", *arguments, stdin=stdin)

    def _git_anywhere(self, *arguments: str, stdin: bytes = b"") -> bytes:
        ran = subprocess.run(["git", *arguments], input=stdin, capture_output=True, env=clean(), check=False)
        assert ran.returncode == 0, ran.stderr.decode("utf-8", "replace")
        return ran.stdout

    def head(self, branch: str = "main") -> str:
        """Return where the branch points to, or nothing if there is none."""
        return self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")

    def commit(
        self,
        files: Mapping[str, bytes] | str | None = None,
        *,
        parents: Sequence[str] | None = None,
        branch: str = "main",
        signer: Signer | None = None,
        message: str = "Change something",
    ) -> str:
        """Add a commit to the branch, on top of it or of ``parents``, and return its id.

        ``files`` are as for `tree`, or the id of a tree; by default there is one file that no other commit has.
        """
        number = next(self._numbers)
        if parents is None:
            parents = [self.head(branch)] if self.head(branch) else []
        if files is None:
            files = {"number": b"%d\n" % number}
        tree = files if isinstance(files, str) else self.tree(files)
        time = _START + 60 * number
        headers = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        headers += [f"author {_ANYBODY} {time} +0000", f"committer {_ANYBODY} {time} +0000"]
        raw = ("\n".join(headers) + f"\n\n{message}\n").encode("utf-8", "surrogateescape")
        if signer:
            header = "gpgsig" if len(tree) == len("0" * 40) else "gpgsig-sha256"
            raw = signer.sign_commit(raw, header=header)
        return self.raw_commit(raw, branch=branch)

    def raw_commit(self, raw: bytes, *, branch: str = "main") -> str:
        """Let the branch point to a commit object with exactly these bytes, well-formed or not."""
        commit = self.object("commit", raw)
        self.point(f"refs/heads/{branch}", commit)
        return commit

    def object(self, kind: str, content: bytes) -> str:
        return self.git("hash-object", "-t", kind, "-w", "--stdin", "--literally", stdin=content)

    def notes(self, files: Mapping[str, bytes]) -> str:
        """Return a commit, on no branch, with these notes by path, as `tree` takes them."""
        tree = self.tree(files)
        return self.object(
            "commit", f"tree {tree}\nauthor {_ANYBODY} 1 +0000\ncommitter {_ANYBODY} 1 +0000\n\nN\n".encode()
        )

    def publish(self, notes: str, *, annotated: bool = False) -> None:
        """Let the signatures ref name a commit of notes, or an annotated tag of it."""
        self.point(signature_notes.SIGNATURES_REF, self.tag(notes, "commit") if annotated else notes)

    def tag(self, target: str, kind: str) -> str:
        """Return an annotated tag of the object ``target``."""
        return self.object("tag", f"object {target}\ntype {kind}\ntag t\ntagger {_ANYBODY} 1 +0000\n\nT\n".encode())

    def note(self, commit: str, *signers: Signer, ref: str = signature_notes.SIGNATURES_REF) -> None:
        """Let each sign the commit with a note, and publish all notes there are."""
        signature_notes.add(self.path, commit, *signers)
        if ref != signature_notes.SIGNATURES_REF:
            self.git("update-ref", ref, signature_notes.SIGNATURES_REF)
            self.git("update-ref", "-d", signature_notes.SIGNATURES_REF)

    def point(self, ref: str, target: str) -> None:
        """Let a ref of any name point to any object."""
        file = self.path / ref
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{target}\n", encoding="ascii")

    def tree(self, files: Mapping[str, bytes]) -> str:
        """Return a tree with ``files`` by path; a name that ends in ``@`` is a link, in ``*`` an executable."""
        entries = []
        folders: dict[str, dict[str, bytes]] = {}
        for path, content in files.items():
            name, _separator, below = path.partition("/")
            if below:
                folders.setdefault(name, {})[below] = content
                continue
            mode = {"@": "120000", "*": "100755"}.get(name[-1], "100644")
            entries.append((mode, name.rstrip("@*"), self.object("blob", content)))
        entries += [("40000", name, self.tree(below)) for name, below in folders.items()]
        return self.raw_tree(entries)

    def raw_tree(self, entries: Sequence[tuple[str, str, str]]) -> str:
        """Return a tree of exactly these modes, names and ids, sorted as git wants them."""
        named = [(mode, name.encode("utf-8", "surrogateescape"), identity) for mode, name, identity in entries]
        named.sort(key=lambda entry: entry[1] + (b"/" if entry[0] == "40000" else b""))
        return self.object(
            "tree",
            b"".join(b"%b %b\0%b" % (mode.encode(), name, bytes.fromhex(identity)) for mode, name, identity in named),
        )
