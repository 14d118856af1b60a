# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""People with a clone and a key each, who approve commits with ``git approve`` or with werf's ``git signatures``."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.signature_notes import SIGNATURES_REF

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.flant.gitops.tests.support.repository import Repository
    from ansible_collections.flant.gitops.tests.support.signers import Signer

SCRIPT = Path(__file__).absolute().parents[2] / "bin/git-approve"
NOTES_REF = "refs/notes/signatures"
_PATIENCE = 60  # seconds
_ROWS = 500  # so many that no pager waits


class Approver:
    """Somebody with a clone of their own, where their git is configured to sign with their key."""

    def __init__(self, folder: Path, name: str, url: str, key: Signer | None = None) -> None:
        """Clone ``url`` below ``folder``; without an OpenPGP ``key`` they have an SSH key."""
        self.name = name
        self.clone = folder / name
        self.clone.mkdir(parents=True)
        self._home = folder / f"{name}.home"
        self._home.mkdir()
        self.environment = {**(key.signers.environment if key else clean()), "HOME": str(self._home)}
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("remote", "add", "origin", url)
        self.configure("user.name", name.title())
        self.configure("user.email", f"{name}@example.test")
        self.key = key
        if key:
            self.configure("user.signingKey", f"{key.fingerprint}!")
        else:
            self._private = self._home / "id"
            self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(self._private))
            self.configure("gpg.format", "ssh")
            self.configure("user.signingKey", f"{self._private}.pub")

    @property
    def vote(self) -> str:
        """Their line in the signers' file."""
        return f"{self.name}: {self.key.fingerprint if self.key else self.ssh_key}"

    @property
    def ssh_key(self) -> str:
        return Path(f"{self._private}.pub").read_text(encoding="utf-8").strip()

    def configure(self, name: str, value: str) -> None:
        self.git("config", name, value)

    def knows(self, *others: Approver, required: int, file: Path | None = None) -> None:
        """Configure whose votes count, and how many are required."""
        file = file or self._home / "signers"
        file.write_text("".join(f"{other.vote}\n" for other in others), encoding="utf-8")
        self.configure("approve.signers", str(file))
        self.configure("approve.required", str(required))

    def git(self, *arguments: str, **variables: str) -> str:
        return self.run("git", *arguments, **variables)

    def run(self, *command: str, **variables: str) -> str:
        ran = subprocess.run(
            command, cwd=self.clone, env={**self.environment, **variables}, capture_output=True, check=False
        )
        assert ran.returncode == 0, ran.stderr.decode("utf-8", "replace")
        return ran.stdout.decode("utf-8", "replace").strip()

    @property
    def command(self) -> list[str]:
        """What is run, with the Python that runs the tests."""
        return [sys.executable, "-I", str(SCRIPT)]

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self.command, *arguments],
            cwd=self.clone,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def tries(self, *arguments: str, **variables: str) -> tuple[int, str, str]:
        """Call git approve; return its exit status, and what it prints to either side."""
        with self.start(*arguments, **variables) as process:
            output, said = process.communicate()
        return process.returncode, output, said

    def approve(self, *arguments: str, **variables: str) -> str:
        """Call git approve, which has to succeed, and return what it prints."""
        status, output, said = self.tries(*arguments, **variables)
        assert status == 0, said
        return output

    def refused(self, *arguments: str, **variables: str) -> str:
        """Call git approve, which has to refuse, and return the reason."""
        status, _output, said = self.tries(*arguments, **variables)
        assert status == 1, said
        assert "Traceback" not in said
        return said

    def sign(self, commit: str, **variables: str) -> str:
        return self.approve("sign", commit, "--yes", **variables)

    def on_a_terminal(
        self, answer: bytes, *arguments: str, meanwhile: Callable[[], object] = lambda: None
    ) -> tuple[int, str]:
        """Call git approve on a terminal, and type ``answer`` when it asks; return its status and what is seen."""
        terminal, its_side = pty.openpty()
        fcntl.ioctl(its_side, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, 200, 0, 0))
        with subprocess.Popen(
            [*self.command, *arguments],
            cwd=self.clone,
            env={**self.environment, "TERM": "xterm"},
            stdin=its_side,
            stdout=its_side,
            stderr=its_side,
            start_new_session=True,
        ) as process:
            os.close(its_side)
            seen = b""
            while select.select([terminal], [], [], _PATIENCE)[0]:
                try:
                    seen += os.read(terminal, 1 << 16)
                except OSError:  # the other side is closed
                    break
                if answer and b"Type yes: " in seen:
                    meanwhile()
                    os.write(terminal, answer)
                    answer = b""
            else:
                process.kill()
        os.close(terminal)
        return process.returncode, seen.decode("utf-8", "replace")


class Werf:
    """``git signatures`` of werf/3p-git-signatures 0.1.0, imitated.

    The real one is a bash script that is in no package registry, so that the tests cannot install it. What it does to
    refs is done here by the same git commands, in their order: its annotated tag, its merge of notes by
    ``cat_sort_uniq``, and its push, which is not atomic and forces the tag alone.
    """

    def __init__(self, approver: Approver, key: Signer) -> None:
        self._approver = approver
        self._key = key

    def add(self, ref: str = "refs/remotes/origin/main") -> None:
        git = self._approver.git
        git("fetch", "origin", "+refs/heads/main:refs/remotes/origin/main", "^refs/tags/latest-signature")
        subject = git("show-ref", ref, "-s")
        line = self._key.note_line(subject).decode()
        with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
            file.write(line)
            file.flush()
            git("notes", "--ref", "signatures", "append", f"--file={file.name}", ref)
        git("tag", "-m", "add signature", "-f", "latest-signature", git("rev-parse", NOTES_REF))

    def pull(self) -> None:
        git = self._approver.git
        refspecs = ["refs/notes/signatures:refs/notes/origin/signatures"]
        if self._has_tag:
            refspecs.append("+refs/tags/latest-signature:refs/tags/origin/latest-signature")
        git("fetch", "origin", *refspecs)
        git("notes", "--ref", "signatures", "merge", "-s", "cat_sort_uniq", "origin/signatures")

    def push(self) -> bool:
        """Push; return whether it said that all went well."""
        refspecs = ["refs/notes/signatures", *(["+refs/tags/latest-signature"] if self._has_tag else [])]
        command = ["git", "push", "origin", *refspecs]
        ran = subprocess.run(
            command, cwd=self._approver.clone, env=self._approver.environment, capture_output=True, check=False
        )
        return ran.returncode == 0

    @property
    def _has_tag(self) -> bool:
        command = ["git", "rev-parse", "--verify", "--quiet", SIGNATURES_REF]
        ran = subprocess.run(
            command, cwd=self._approver.clone, env=self._approver.environment, capture_output=True, check=False
        )
        return ran.returncode == 0


def ids(upstream: Repository) -> tuple[str, str]:
    """Return the commits that the two refs of the signatures name, or nothing for one that is not there."""

    def named(ref: str) -> str:
        return upstream.git("for-each-ref", "--format=%(objectname) %(*objectname)", ref).split(" ")[-1]

    return named(NOTES_REF), named(SIGNATURES_REF)


def lines(upstream: Repository, commit: str, ref: str = SIGNATURES_REF) -> list[str]:
    """Return the lines that ``git notes`` reads for a commit out of one of the refs."""
    upstream.git("update-ref", "refs/notes/test", upstream.git("rev-parse", f"{ref}^{{commit}}"))
    found = upstream.git("notes", "--ref=test", "list").split("\n")
    blobs = [line.split(" ")[0] for line in found if line.endswith(commit)]
    upstream.git("update-ref", "-d", "refs/notes/test")
    return [line for blob in blobs for line in upstream.git("cat-file", "blob", blob).split("\n") if line]
