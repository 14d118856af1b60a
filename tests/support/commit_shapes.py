# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed commits of all known shapes, those of real repositories and those of attackers.

What a commit says is left to chance, from all that git writes; how it is signed has a name. The names stand in four
lists, by what ``git verify-commit`` says of such a commit and what this collection says. Where git is fooled, the name
begins with the threat's, as those of tests do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.tests.support import ssh_signers
from ansible_collections.flant.gitops.tests.support.signers import Signer, Signers, armored, fresh, with_header

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_PAST = "20200101T000000"
_WHILE_IT_WAS_VALID = "20200301T000000"


class People:
    """Who signs: the trusted ones, those whose keys are no longer good, and strangers.

    Attributes:
        openpgp: by what their key is, those whose OpenPGP signatures are good.
        ssh: likewise with SSH keys.
    """

    def __init__(self, signers: Signers, folder: Path) -> None:
        self.openpgp = {
            "ed25519": signers.alice,
            "rsa": signers.create("rsa", key=("rsa3072", "sign", "never")),
            "p256": signers.create("p256", key=("nistp256", "sign", "never")),
            "p521": signers.create("p521", key=("nistp521", "sign", "never")),
            "dsa": signers.create("dsa", key=("dsa2048", "sign", "never")),
            "veteran": signers.create("veteran", at=_PAST),
        }
        self.subkey = signers.alice.add_subkey()
        self.expired = signers.create("expired", key=("ed25519", "sign", "1y"), at=_PAST)
        self.revoked = signers.create("revoked", at=_PAST)
        self.stranger = signers.create("stranger")
        self.ssh = {kind: ssh_signers.create(folder, kind, kind) for kind in ("ed25519", "rsa", "ecdsa")}
        self.ssh_stranger = ssh_signers.create(folder, "stranger")
        self.security_key = ssh_signers.Forger(security_key=True)
        self.tags = self._tags()

    @property
    def certificates(self) -> dict[str, str]:
        """The trusted OpenPGP keys by name, of which two do not count."""
        good = {f"{signer.name} of OpenPGP": signer.public_key for signer in self.openpgp.values()}
        return {**good, "expired": self.expired.public_key, "revoked": _revoked(self.revoked)}

    @property
    def ssh_keys(self) -> dict[str, str]:
        """The trusted SSH keys by name."""
        keys = {f"{kind} of SSH": signer.public_key for kind, signer in self.ssh.items()}
        return {**keys, "security key": self.security_key.public_key}

    def _tags(self) -> list[bytes]:
        """Return tags, with and without signatures, as they stand in commits that have merged them."""
        unsigned = (
            b"object %b\ntype commit\ntag v1\ntagger T. Agger <t@example.test> 1 +0000\n\nTag\n\nof many\nlines\n"
        )
        unsigned %= b"1" * 40
        tags = [unsigned, unsigned.replace(b"tagger T. Agger <t@example.test> 1 +0000\n", b"")]
        for signer in (self.openpgp["rsa"], self.openpgp["ed25519"], self.stranger):
            signature = armored(signer.sign(unsigned))
            tags += [unsigned + signature, *(unsigned + _armor_with(signature, header) for header in _ARMOR_HEADERS)]
        return [*tags, unsigned + self.ssh["ed25519"].sign(unsigned), unsigned + b"gpgsig " + signature]


def _revoked(signer: Signer) -> str:
    """Return the certificate as it is once revoked, while the signer goes on signing with it."""
    with fresh() as elsewhere:
        for text in (signer.public_key.encode(), signer.revocation()):
            elsewhere.gpg("--import", stdin=text)
        return Signer(elsewhere, signer.name, signer.fingerprint).public_key


_ARMOR_HEADERS = (
    b"Version: GnuPG v2.0.22 (GNU/Linux)",
    b"Comment: GPGTools - https://gpgtools.org",
    b"Version: GnuPG v1\nComment: Using GnuPG with Thunderbird - https://www.enigmail.net/",
    b"Comment: " + "Подпись".encode(),
    b"Hash: SHA256",
    b"Charset: UTF-8",
)


def _armor_with(signature: bytes, header: bytes) -> bytes:
    return signature.replace(b"-----\n\n", b"-----\n%b\n\n" % header, 1)


# What a commit says


def unsigned(chance: random.Random, people: People, tree: str, parents: Sequence[str]) -> bytes:
    """Return a commit that git might have written, with or without what it writes seldom."""
    author = chance.choice(["A. Author", "Ä. Ütor", "作者", "", "author"])
    encoding = chance.choice(["", "", "UTF-8", "ISO-8859-1", "koi8-r"])
    time = b"%d %b" % (1_600_000_000 + chance.randrange(10**8), chance.choice([b"+0000", b"-0330", b"+1245"]))
    name = author.encode(encoding or "utf-8", "replace")
    lines = [b"tree %b" % tree.encode(), *(b"parent %b" % parent.encode() for parent in parents)]
    lines += [b"author %b <author@example.test> %b" % (name, time), b"committer C <committer@example.test> %b" % time]
    message = chance.choice(_MESSAGES) % {b"number": b"%d" % chance.randrange(10**9)}
    text = message.decode().encode(encoding or "utf-8", "replace")
    raw = b"\n".join(lines) + b"\n\n" + text
    if encoding:
        raw = with_header(raw, "encoding", encoding.encode())
    for _index in range(chance.choice([0, 0, 1, max(0, len(parents) - 1)])):
        raw = with_header(raw, "mergetag", chance.choice(people.tags))
    if chance.random() < 0.2:
        raw = with_header(raw, *chance.choice(_OTHER_HEADERS))
    return raw


_MESSAGES = (
    b"",
    b"\n",
    b"Change %(number)s",
    b"Change %(number)s\n",
    b"Change %(number)s\n\n\n",
    b"Change %(number)s   \n \t\n  \n",
    b"\n\n  Change %(number)s\n",
    b"Change %(number)s\n\nBody with \xc3\xa4, \xc3\xb6 and \xc3\xbc\n\nSigned-off-by: A <a@example.test>\n",
    b"Change %(number)s\r\n\r\nof Windows\r\n",
    b"Change\0%(number)s\n",
    b"Change %(number)s\n\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abcd\n -----END PGP SIGNATURE-----\n",
    b"tree %(number)s\nparent 1\n\n-----BEGIN PGP SIGNATURE-----\n",
    b"- %(number)s\n- From me\nFrom you\n" + 300 * (b"word " * 15 + b"\n"),
)
_OTHER_HEADERS = (
    ("HG:rename-source", b"hg"),
    ("HG:extra", b"amend_source:0123%0Abranch:stable"),
    ("change-id", b"qpvuntsmqxuquz"),
    ("mergetag-of-another-tool", b"several\nlines\n\nand more"),
)


# How it is signed


class Draft(NamedTuple):
    """A commit to be signed; ``header`` is where its repository keeps signatures, and ``other`` is the other one."""

    raw: bytes
    people: People
    header: str
    other: str

    def carrying(self, signature: bytes) -> bytes:
        """Return the commit with this armored signature."""
        return with_header(self.raw, self.header, signature)

    def by(self, signer: Signer, *options: str, over: bytes | None = None, **how: str) -> bytes:
        """Return an armored signature, ``over`` the commit where nothing else is said."""
        return armored(signer.sign(self.raw if over is None else over, *options, **how))

    def signed(self) -> bytes:
        """Return the commit with a good signature."""
        return self.carrying(self.by(self.people.openpgp["ed25519"]))

    @property
    def by_ssh(self) -> bytes:
        """A good SSH signature."""
        return self.people.ssh["ed25519"].sign(self.raw)


Shape = Callable[[Draft], bytes]
"""It signs a draft, or does with it what it does in place of that, and returns the commit."""


def _by_openpgp(kind: str, *options: str) -> Shape:
    return lambda draft: draft.carrying(draft.by(draft.people.openpgp[kind], *options))


def _by_ssh(kind: str, *options: str) -> Shape:
    return lambda draft: draft.carrying(draft.people.ssh[kind].sign(draft.raw, "git", *options))


def _in_armor_with(header: bytes) -> Shape:
    return lambda draft: draft.carrying(_armor_with(draft.by(draft.people.openpgp["ed25519"]), header))


def _tampered(old: bytes, new: bytes) -> Shape:
    return lambda draft: draft.signed().replace(old, new, 1)


def _moved_above(line: bytes) -> Shape:
    """Put the signature above the first line that begins so, or above the author where none does."""

    def make(draft: Draft) -> bytes:
        signature = draft.by(draft.people.openpgp["ed25519"]).rstrip(b"\n").replace(b"\n", b"\n ")
        found = line if line in draft.raw.partition(b"\n\n")[0] else b"\nauthor "
        return draft.raw.replace(found, b"\n%b %b%b" % (draft.header.encode(), signature, found), 1)

    return make


def _of_headers_alone(draft: Draft) -> bytes:
    headers = draft.raw.partition(b"\n\n")[0] + b"\n"
    signature = draft.by(draft.people.openpgp["ed25519"], over=headers).rstrip(b"\n").replace(b"\n", b"\n ")
    return headers + b"%b %b\n" % (draft.header.encode(), signature)


def _without_checksum(signature: bytes) -> bytes:
    lines = signature.split(b"\n")
    return b"\n".join(line for line in lines if not line.startswith(b"="))


def _foreign_checksum(signature: bytes) -> bytes:
    lines = signature.split(b"\n")
    return b"\n".join(b"=AAAA" if line.startswith(b"=") else line for line in lines)


GOOD_FOR_BOTH: Mapping[str, Shape] = {
    "Ed25519": _by_openpgp("ed25519"),
    "RSA": _by_openpgp("rsa"),
    "ECDSA on P-256": _by_openpgp("p256"),
    "ECDSA on P-521": _by_openpgp("p521"),
    "DSA": _by_openpgp("dsa"),
    "SHA-512": _by_openpgp("rsa", "--digest-algo", "SHA512"),
    "SHA-224": _by_openpgp("rsa", "--digest-algo", "SHA224"),
    "a subkey": lambda draft: draft.carrying(draft.by(draft.people.openpgp["ed25519"], key=draft.people.subkey)),
    "a notation": _by_openpgp("ed25519", "--sig-notation", "where@example.test=here", "--sig-policy-url", "http://x"),
    "a signature that will expire": _by_openpgp("ed25519", "--default-sig-expire", "1y"),
    "a signature from years ago": lambda draft: draft.carrying(
        draft.by(draft.people.openpgp["veteran"], at=_WHILE_IT_WAS_VALID)
    ),
    **{f"an armor with {header.decode()!r}": _in_armor_with(header) for header in _ARMOR_HEADERS},
    "an armor of Windows": lambda draft: draft.carrying(
        draft.by(draft.people.openpgp["ed25519"]).replace(b"\n", b"\r\n")
    ),
    "an armor without a checksum": lambda draft: draft.carrying(
        _without_checksum(draft.by(draft.people.openpgp["ed25519"]))
    ),
    "text behind the armor": lambda draft: draft.carrying(draft.by(draft.people.openpgp["ed25519"]) + b"text\n"),
    "headers for both object formats": lambda draft: with_header(
        draft.signed(), draft.other, draft.by(draft.people.openpgp["rsa"], over=b"its other form")
    ),
    "the other format's header above": lambda draft: with_header(
        with_header(draft.raw, draft.other, draft.by(draft.people.stranger, over=b"its other form")),
        draft.header,
        draft.by(draft.people.openpgp["ed25519"]),
    ),
    "a signed second tree": lambda draft: draft._replace(
        raw=draft.raw.replace(b"\nauthor ", b"\ntree %b\nauthor " % (b"1" * 40), 1)
    ).signed(),
    "no message and no empty line": _of_headers_alone,
    "SSH, Ed25519": _by_ssh("ed25519"),
    "SSH, RSA": _by_ssh("rsa"),
    "SSH, ECDSA": _by_ssh("ecdsa"),
    "SSH, SHA-256": _by_ssh("ed25519", "-O", "hashalg=sha256"),
    "SSH, a security key": lambda draft: draft.carrying(ssh_signers.armored(draft.people.security_key.sign(draft.raw))),
}

BAD_FOR_BOTH: Mapping[str, Shape] = {
    "no signature": lambda draft: draft.raw,
    "an unknown key": lambda draft: draft.carrying(draft.by(draft.people.stranger)),
    "an expired key": lambda draft: draft.carrying(draft.by(draft.people.expired, at=_WHILE_IT_WAS_VALID)),
    "a revoked key": lambda draft: draft.carrying(draft.by(draft.people.revoked, at=_WHILE_IT_WAS_VALID)),
    "an expired signature": lambda draft: draft.carrying(
        draft.by(draft.people.openpgp["veteran"], "--default-sig-expire", "1d", at=_WHILE_IT_WAS_VALID)
    ),
    "another tree": _tampered(b"tree ", b"tree %b\ntree " % (b"1" * 40)),
    "another author": _tampered(b"\nauthor ", b"\nauthor x"),
    "another time": _tampered(b"\ncommitter C <committer@example.test> 1", b"\ncommitter C <committer@example.test> 2"),
    "a parent more": _tampered(b"\nauthor ", b"\nparent %b\nauthor " % (b"1" * 40)),
    "a header more": lambda draft: with_header(draft.signed(), "encoding", b"UTF-16"),
    "a mergetag more": lambda draft: with_header(draft.signed(), "mergetag", draft.people.tags[0]),
    "a line feed more": lambda draft: draft.signed() + b"\n",
    "a blank more": lambda draft: draft.signed() + b" ",
    "the signature of another commit": lambda draft: draft.carrying(
        draft.by(draft.people.openpgp["ed25519"], over=draft.raw + b"other")
    ),
    "a signature over the id": lambda draft: draft.carrying(draft.by(draft.people.openpgp["ed25519"], over=b"1" * 40)),
    "the other format's header alone": lambda draft: draft._replace(header=draft.other).signed(),
    "a merged tag's signature alone": lambda draft: with_header(draft.raw, "mergetag", draft.people.tags[2]),
    "the signature in the message": lambda draft: draft.raw + b"\ngpgsig " + draft.by(draft.people.openpgp["ed25519"]),
    "a signed message": lambda draft: draft.carrying(
        armored(draft.people.openpgp["ed25519"].sign_inline(draft.raw), "MESSAGE")
    ),
    "a signed message called a signature": lambda draft: draft.carrying(
        armored(draft.people.openpgp["ed25519"].sign_inline(b"anything else"))
    ),
    "two packets in one armor": lambda draft: draft.carrying(
        armored(draft.people.openpgp["ed25519"].sign(draft.raw) + draft.people.openpgp["rsa"].sign(draft.raw))
    ),
    "two signatures": lambda draft: with_header(draft.signed(), draft.header, draft.by(draft.people.openpgp["rsa"])),
    "half a signature": lambda draft: draft.carrying(b"\n".join(draft.by_ssh.split(b"\n")[:-3])),
    "plain text": lambda draft: draft.carrying(b"LGTM"),
    "an empty header": lambda draft: draft.carrying(b""),
    "SSH, an unknown key": lambda draft: draft.carrying(draft.people.ssh_stranger.sign(draft.raw)),
    "SSH, another purpose": lambda draft: draft.carrying(draft.people.ssh["ed25519"].sign(draft.raw, "file")),
    "SSH, a changed commit": lambda draft: draft.carrying(draft.by_ssh) + b"\n",
}

FOOLS_GIT: Mapping[str, Shape] = {
    "g9: above a parent": _moved_above(b"\nparent "),
    "g9: above the author": _moved_above(b"\nauthor "),
    "g9: above the committer": _moved_above(b"\ncommitter "),
    "s3: text in a header like the signature's": lambda draft: draft.signed().replace(
        b"\n%b " % draft.header.encode(), b"\n%bx unsigned\n%b " % (draft.header.encode(), draft.header.encode()), 1
    ),
    "s7: SHA-1": _by_openpgp("rsa", "--digest-algo", "SHA1"),
    "s17: text mode": _by_openpgp("rsa", "--textmode"),
    "s25: SSH, a security key that nobody touched": lambda draft: draft.carrying(
        ssh_signers.armored(draft.people.security_key.sign(draft.raw, flags=0))
    ),
    "s25: SSH, text behind the armor": lambda draft: draft.carrying(draft.by_ssh + b"text\n"),
}

REFUSED_BY_GIT_ALONE: Mapping[str, Shape] = {
    # RFC 9580 has made the checksum optional, and nothing is believed because of it: see `_openpgp.armor`.
    "an armor with another checksum": lambda draft: draft.carrying(
        _foreign_checksum(draft.by(draft.people.openpgp["ed25519"]))
    ),
    # git leaves out whatever begins with "gpgsig", as in s3, and so does not see what was signed.
    "s3: a signed header like the signature's": lambda draft: draft._replace(
        raw=with_header(draft.raw, f"{draft.header}x", b"any\nthing")
    ).signed(),
}
