# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenPGP signers: real keys made by gpg, and whatever a test wants signed by them, honestly or not.

A fixture for a test of its own needs no more than::

    @pytest.fixture
    def signers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signers]:
        with opened(tmp_path_factory) as signers:
            yield signers

``signers.alice``, ``signers.bob`` and ``signers.carol`` are there at once; `Signers.create` makes others.
"""

from __future__ import annotations

import base64
import contextlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._openpgp import packets
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.once import once

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

_READY = ("alice", "bob", "carol")


@contextlib.contextmanager
def opened(factory: pytest.TempPathFactory) -> Iterator[Signers]:
    """Yield signers with keys of their own, copied from those made once a test run; no agent stays behind."""
    made = once(factory, "signers", _make)
    with fresh() as signers:
        shutil.copytree(made, signers.home, dirs_exist_ok=True)
        yield signers


def _make(folder: Path) -> None:
    with fresh() as signers:
        for name in _READY:
            signers.create(name)
        shutil.copytree(signers.home, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("S.*"))  # no sockets


@contextlib.contextmanager
def fresh() -> Iterator[Signers]:
    """Yield nobody yet, in a GNUPGHOME with a path that is short enough for an agent's socket."""
    home = Path(tempfile.mkdtemp(prefix="gpg-", dir="/tmp"))
    signers = Signers(home)
    try:
        yield signers
    finally:
        signers.stop_agent()
        shutil.rmtree(home, ignore_errors=True)  # the agent is removing its sockets at the same time


class Signers:
    """Everyone whose secret keys lie in one GNUPGHOME."""

    def __init__(self, home: Path) -> None:
        self.home = home

    @property
    def environment(self) -> dict[str, str]:
        """What git and gpg need so that they can sign as any of the signers."""
        return {**clean(), "GNUPGHOME": str(self.home)}

    @property
    def alice(self) -> Signer:
        return self["alice"]

    @property
    def bob(self) -> Signer:
        return self["bob"]

    @property
    def carol(self) -> Signer:
        return self["carol"]

    def __getitem__(self, name: str) -> Signer:
        return Signer(self, name, self._fingerprint(_user_id(name)))

    def _fingerprint(self, user_id: str) -> str:
        listing = self.gpg("--with-colons", "--list-keys", f"={user_id}").decode("utf-8", "replace")
        return next(line.split(":")[9] for line in listing.split("\n") if line.startswith("fpr:"))

    def create(
        self,
        name: str,
        *options: str,
        user_id: str | None = None,
        key: tuple[str, ...] = ("ed25519", "sign", "never"),
        at: str | None = None,
    ) -> Signer:
        """Make a key as ``gpg --quick-gen-key`` takes it (algorithm, usage, expiry), ``at`` as in `gpg`."""
        output = self.gpg(
            *("--status-fd", "1", "--allow-freeform-uid", *options),
            *("--quick-gen-key", user_id or _user_id(name), *key),
            at=at,
        )
        created = next(line for line in output.decode("utf-8", "replace").split("\n") if "KEY_CREATED" in line)
        return Signer(self, name, created.split(" ")[3])

    def recreate(self, signer: Signer, at: str) -> Signer:
        """Make another certificate of the key that ``signer`` has, as of another date."""
        other = f"Other {_user_id(signer.name)}"
        grip, listing = self.keygrip(signer.fingerprint), self.gpg("--with-colons", "--list-keys", signer.fingerprint)
        algorithm = next(line.split(b":")[3].decode() for line in listing.split(b"\n") if line.startswith(b"pub:"))
        parameters = f"Key-Type: {algorithm}\nKey-Grip: {grip}\nKey-Usage: sign\nName-Real: {other}\n%commit\n"
        self.gpg("--generate-key", "--allow-freeform-uid", stdin=parameters.encode(), at=at)
        return Signer(self, signer.name, self._fingerprint(other))

    def keygrip(self, fingerprint: str) -> str:
        """Return what the agent calls the secret key of a primary key or subkey."""
        listing = self.gpg("--with-colons", "--with-keygrip", "--list-keys", f"{fingerprint}!").decode(
            "utf-8", "replace"
        )
        lines = [line.split(":") for line in listing.split("\n")]
        place = next(index for index, line in enumerate(lines) if line[0] == "fpr" and line[9] == fingerprint)
        return next(line[9] for line in lines[place:] if line[0] == "grp")

    def gpg(self, *arguments: str, stdin: bytes = b"", at: str | None = None) -> bytes:
        """Return what gpg prints; ``at`` (20200131T235959) is what it takes for the current time."""
        clock = ["--faked-system-time", f"{at}!"] if at else []  # then dates are taken wrongly: write 1y, not 20210101
        command = ["gpg", "--batch", "--quiet", "--yes", "--pinentry-mode", "loopback", "--passphrase", "", *clock]
        ran = subprocess.run(
            [*command, *arguments], input=stdin, capture_output=True, env=self.environment, check=False
        )
        assert ran.returncode == 0, ran.stderr.decode("utf-8", "replace")
        return ran.stdout

    def stop_agent(self) -> None:
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], env=self.environment, check=True)


@dataclass(frozen=True)
class Signer:
    """One signer, by the fingerprint of the primary key."""

    signers: Signers
    name: str
    fingerprint: str

    @cached_property
    def public_key(self) -> str:
        """The certificate in ASCII armor, as it was when first asked for."""
        return self.export()

    @property
    def git_options(self) -> list[str]:
        """The options that make ``git commit`` and ``git tag`` sign, in `Signers.environment`."""
        return ["-c", f"user.signingKey={self.fingerprint}!", "-c", "commit.gpgSign=true", "-c", "gpg.program=gpg"]

    def export(self, *options: str, armor: bool = True) -> str:
        exported = self.signers.gpg(*(["--armor"] if armor else []), *options, "--export", self.fingerprint)
        return exported.decode("ascii" if armor else "latin-1")

    def secret_key(self) -> str:
        return self.signers.gpg("--armor", "--export-secret-keys", self.fingerprint).decode()

    def sign(self, data: bytes, *options: str, key: str | None = None, at: str | None = None) -> bytes:
        """Return a binary detached signature; ``key`` is the fingerprint of a subkey that shall make it."""
        return self.signers.gpg(
            *options, "--local-user", f"{key or self.fingerprint}!", "--detach-sign", stdin=data, at=at
        )

    def sign_inline(self, data: bytes, *options: str) -> bytes:
        """Return a signed message that holds its data, and hence is no detached signature."""
        return self.signers.gpg(*options, "--local-user", self.fingerprint, "--sign", stdin=data)

    def note_line(self, commit_id: str, *options: str) -> bytes:
        """Return what git-signatures notes for a commit."""
        return base64.b64encode(self.sign(commit_id.encode(), *options))

    def sign_commit(self, raw: bytes, *options: str, header: str = "gpgsig") -> bytes:
        """Return the raw commit with a signature over all of it."""
        return with_header(raw, header, armored(self.sign(raw, *options)))

    def add_subkey(self, usage: str = "sign", expires: str = "never", at: str | None = None) -> str:
        """Return the fingerprint of a new subkey."""
        self.signers.gpg("--quick-add-key", self.fingerprint, "ed25519", usage, expires, at=at)
        listing = self.signers.gpg(
            "--with-colons", "--with-subkey-fingerprint", "--list-keys", self.fingerprint
        ).decode()
        return [line.split(":")[9] for line in listing.split("\n") if line.startswith("fpr:")][-1]

    def adopt(self, keygrip: str) -> None:
        """Bind a secret key that is there already as a subkey."""
        answers = ["addkey", "13", keygrip, "s", "e", "q", "0", "save", ""]
        self.signers.gpg(
            *("--no-batch", "--no-tty", "--expert", "--command-fd", "0", "--edit-key", self.fingerprint),
            stdin="\n".join(answers).encode(),
        )

    def revocation(self) -> bytes:
        """Return the revocation certificate that gpg made along with the key."""
        file = self.signers.home / "openpgp-revocs.d" / f"{self.fingerprint}.rev"
        return file.read_bytes().replace(b":-----BEGIN", b"-----BEGIN")

    def revoke(self) -> None:
        """Revoke the key; what it signed before stays as it is, and it cannot sign any more."""
        self.signers.gpg("--import", stdin=self.revocation())

    def revoke_subkey(self) -> None:
        """Revoke the first subkey."""
        answers = ["key 1", "revkey", "y", "0", "", "y", "save", ""]
        self.signers.gpg(
            *("--no-batch", "--no-tty", "--command-fd", "0", "--edit-key", self.fingerprint),
            stdin="\n".join(answers).encode(),
        )


def _user_id(name: str) -> str:
    return f"{name.title()} <{name}@example.test>"


def armored(data: bytes, label: str = "SIGNATURE") -> bytes:
    """Return binary OpenPGP data in ASCII armor, with the checksum that gpg cannot do without."""
    text, checksum = base64.encodebytes(data), base64.b64encode(_crc24(data).to_bytes(3, "big"))
    return b"-----BEGIN PGP %b-----\n\n%b=%b\n-----END PGP %b-----\n" % (label.encode(), text, checksum, label.encode())


def without_embedded_signatures(certificate: bytes) -> bytes:
    """Return a certificate whose signing subkeys have not signed that they belong to it (RFC 9580, 5.2.3.34)."""
    result = b""
    for packet in packets.split(certificate):
        body = packet.body
        if packet.tag == packets.SIGNATURE:
            unhashed = 6 + int.from_bytes(body[4:6], "big")
            end = unhashed + 2 + int.from_bytes(body[unhashed : unhashed + 2], "big")
            area = body[unhashed + 2 : end]
            kept = b""
            while area:
                length = 1 + area[0]
                kept += area[:length] if area[1] != 32 else b""
                area = area[length:]
            body = body[:unhashed] + len(kept).to_bytes(2, "big") + kept + body[end:]
        result += bytes([0xC0 | packet.tag, 0xFF]) + len(body).to_bytes(4, "big") + body
    return result


def _crc24(data: bytes) -> int:
    """See RFC 9580, section 6.1."""
    crc = 0xB704CE
    for octet in data:
        crc ^= octet << 16
        for _bit in range(8):
            crc = crc << 1 ^ (0x1864CFB if crc & 0x800000 else 0)
    return crc


def with_header(raw: bytes, name: str, value: bytes) -> bytes:
    """Return the raw commit with one header more, below the others, as git writes one of several lines."""
    head, message = raw.split(b"\n\n", 1)
    lines = value.rstrip(b"\n").replace(b"\n", b"\n ")
    return b"%b\n%b %b\n\n%b" % (head, name.encode(), lines, message)
