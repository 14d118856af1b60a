# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Who is trusted: the people that a task names and the keys that it gives, checked before anything is done.

Votes are counted by signer, so that nothing that one person holds may stand under two. That goes for the numbers of a
key and not for its fingerprint: the same key in a certificate of another date, or as a subkey, has other fingerprints.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, Union

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._key_material import Material
    from ansible_collections.flant.gitops.plugins.module_utils._openpgp.certificates import Certificate
    from ansible_collections.flant.gitops.plugins.module_utils._ssh.keys import PublicKey

_Item = TypeVar("_Item")
_SSH_KEY = re.compile(r"(?:^|[\s,])(?:sk-)?(?:ssh-[a-z0-9]|ecdsa-sha2-)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@+-]{0,62}")
_LIKE_A_FINGERPRINT = re.compile(r"(0x)?[0-9a-f]{16,}")


class Roster(NamedTuple):
    """The trusted signers.

    Attributes:
        certificates: their OpenPGP keys.
        ssh_keys: their SSH keys.
        names: the signer behind each key, by its fingerprint, in the order given. Whoever has no name goes by the
            fingerprint.
    """

    certificates: Sequence[Certificate] = ()
    ssh_keys: Sequence[PublicKey] = ()
    names: Mapping[str, str] = {}


def roster(trusted_keys: Sequence[str], trusted_signers: Sequence[Mapping[str, Any]]) -> Roster:
    """Return the signers of both options.

    Raises:
        Failure: a key is none, or no public one; a name is not fit for one; one key stands under two signers. The
            sentence names the option, and the signer if there is a name.
    """
    owned = [*_unnamed(trusted_keys), *_named(trusted_signers)]
    _check_owners(owned)
    return Roster(
        certificates=tuple(each.key for each in owned if isinstance(each, _OwnedCertificate)),
        ssh_keys=tuple(each.key for each in owned if isinstance(each, _OwnedSshKey)),
        names={each.key.fingerprint: each.name or each.key.fingerprint for each in owned},
    )


class _OwnedCertificate(NamedTuple):
    """A key, the name of the signer who holds it, if there is one, and where the signer was given."""

    signer: str
    name: str
    key: Certificate

    @property
    def material(self) -> frozenset[Material]:
        """The numbers of the primary key and of every subkey."""
        return self.key.material


class _OwnedSshKey(NamedTuple):
    """Likewise an SSH key."""

    signer: str
    name: str
    key: PublicKey

    @property
    def material(self) -> frozenset[Material]:
        """The numbers of the key."""
        return frozenset({self.key.material})


_Owned = Union[_OwnedCertificate, _OwnedSshKey]


def _unnamed(trusted_keys: Sequence[str]) -> Iterator[_Owned]:
    for option, text in _numbered("trusted_keys", trusted_keys):
        if _looks_like_an_ssh_key(text):
            raise Failure(f"{option} holds an SSH key; these go into trusted_signers, under a name.")
        yield _OwnedCertificate(option, "", _certificate(text, option))


def _named(trusted_signers: Sequence[Mapping[str, Any]]) -> Iterator[_Owned]:
    options: dict[str, str] = {}
    for option, signer in _numbered("trusted_signers", trusted_signers):
        name, texts = signer["name"], signer["public_keys"]
        _check_name(name, option)
        double = options.setdefault(" ".join(name.split()).lower(), option)
        if double != option:
            raise Failure(f"{double} and {option} have one name, {name}; give the keys of one person together.")
        if not texts:
            raise Failure(f"{option}: {name} has no key in public_keys.")
        for place, text in _numbered(f"{option}.public_keys", texts):
            where = f"{place} ({name})"
            if _looks_like_an_ssh_key(text):
                yield _OwnedSshKey(option, name, _ssh_key(text, where))
            else:
                yield _OwnedCertificate(option, name, _certificate(text, where))


def _numbered(option: str, items: Sequence[_Item]) -> Iterator[tuple[str, _Item]]:
    return ((f"{option}[{index}]", item) for index, item in enumerate(items))


def _looks_like_an_ssh_key(text: str) -> bool:
    """Return whether ``text`` is meant as one, good or not."""
    return "-----BEGIN" not in text and bool(_SSH_KEY.search(text))


def _ssh_key(text: str, option: str) -> PublicKey:
    from ansible_collections.flant.gitops.plugins.module_utils._ssh.keys import read

    return read(text, option)


def _certificate(text: str, option: str) -> Certificate:
    from ansible_collections.flant.gitops.plugins.module_utils._openpgp.certificates import read

    return read(text, option)


def _check_name(name: str, option: str) -> None:
    if not _NAME.fullmatch(name):
        raise Failure(
            f"{option}: {name[:100]!r} is not a signer's name, which has up to 63 letters, digits, spaces and ._@+- "
            "and begins with a letter or digit."
        )
    if _LIKE_A_FINGERPRINT.fullmatch(name.replace(" ", "").lower()):
        raise Failure(f"{option}: {name!r} looks like a fingerprint and not like a signer's name.")


def _check_owners(owned: Sequence[_Owned]) -> None:
    """Refuse a key that two signers hold, be it a primary key or a subkey."""
    first: dict[Material, _Owned] = {}
    for each in owned:
        for material in each.material:
            other = first.setdefault(material, each)
            if other.signer != each.signer:
                raise Failure(
                    f"{other.key.option} and {each.key.option} hold the same key, so that one person would count as "
                    "two signers; a key goes under one signer."
                )
