# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Public keys as operators give them to the role, and as the modules take them."""

from __future__ import annotations

import re
from typing import NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

SIGNERS = "flant_gitops_trusted_signers"
KEYS = "flant_gitops_trusted_pgp_public_keys"
FORMER = "flant_gitops_verify_former_signers"
_NAME = re.compile(r"(?!(0x)?[0-9A-Fa-f ]{16,}$)[A-Za-z0-9][A-Za-z0-9 ._@+-]{0,62}")


class Trusted(NamedTuple):
    """Who may sign, as ``git_signed_commit`` takes it; ``labels`` are the operator's words for the module's."""

    trusted_signers: list[dict[str, object]]
    trusted_keys: list[str]
    labels: dict[str, str]

    def reword(self, sentence: str) -> str:
        """Return ``sentence`` with the operator's words for a signer in place of the module's."""
        for option, label in self.labels.items():
            sentence = sentence.replace(option, label)
        return sentence


def trusted(signers: object, keys: object) -> Trusted:
    """Return the signers of the role's two variables.

    A key in a dictionary has a name; where that is not fit for a signer's, the key's fingerprint stands for the signer,
    and messages use the name all the same.

    Raises:
        Failure: one of them is not what it should be; the sentence begins with the variable.
    """
    found = Trusted([], [], {})
    if not isinstance(signers, dict):
        raise Failure(f"{SIGNERS}: it must be a dictionary from names to a key or a list of keys.")
    for name, value in signers.items():
        _add(found, name, [value] if isinstance(value, str) else value, SIGNERS)
    for name, key in _items(keys, KEYS):
        if isinstance(keys, dict) and isinstance(name, str) and _NAME.fullmatch(name):
            _add(found, name, [key], KEYS)
        else:
            found.labels[f"trusted_keys[{len(found.trusted_keys)}]"] = f"{KEYS}[{name!r}]"
            found.trusted_keys.append(_text(key, f"{KEYS}[{name!r}]"))
    return found


def with_former(signers: object, former: object) -> dict[object, object]:
    """Return ``signers`` with the keys that some of them, or others, had ``former``ly; those stand under one name.

    Raises:
        Failure: one of the two is not what it should be; the sentence begins with the variable.
    """
    merged: dict[object, object] = {}
    for variable, named in ((SIGNERS, signers), (FORMER, former)):
        if not isinstance(named, dict):
            raise Failure(f"{variable}: it must be a dictionary from names to a key or a list of keys.")
        for name, value in named.items():
            keys = [value] if isinstance(value, str) else value
            if not isinstance(keys, (list, tuple)):
                raise Failure(f"{variable}[{name!r}]: it must be a key or a list of keys.")
            merged[name] = [*merged.get(name, []), *keys]  # type: ignore[misc]
    return merged


def fingerprints(who: Trusted) -> list[str]:
    """Return the fingerprints of all keys as signatures name them, of an OpenPGP certificate that of its primary key.

    Raises:
        Failure: ``git_signed_commit`` would refuse one of them; the sentence has the operator's words.
    """
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.roster import roster

    try:
        return list(roster(who.trusted_keys, who.trusted_signers).names)
    except Failure as failure:
        raise Failure(who.reword(str(failure))) from failure


def check_keys(keys: object, variable: str) -> None:
    """Refuse what the modules would refuse as a trusted key.

    Raises:
        Failure: ``keys`` is neither a list nor a dictionary, or one of them is not an armored public key; the sentence
            begins with ``variable`` and the key's name.
    """
    from ansible_collections.flant.gitops.plugins.module_utils._openpgp import certificates

    for name, key in _items(keys, variable):
        certificates.read(_text(key, f"{variable}[{name!r}]"), f"{variable}[{name!r}]")


def _add(found: Trusted, name: object, keys: object, variable: str) -> None:
    label = f"{variable}[{name!r}]"
    if not isinstance(name, str):
        raise Failure(f"{label}: the name must be a text; put it in quotes.")
    if not isinstance(keys, (list, tuple)):
        raise Failure(f"{label}: it must be a key or a list of keys.")
    found.labels[f"trusted_signers[{len(found.trusted_signers)}]"] = label
    found.trusted_signers.append({"name": name, "public_keys": [_text(key, label) for key in keys]})


def _items(keys: object, variable: str) -> list[tuple[object, object]]:
    if not isinstance(keys, (dict, list, tuple)):
        raise Failure(f"{variable}: it must be a list of keys, or a dictionary from names to keys.")
    return list((keys if isinstance(keys, dict) else dict(enumerate(keys))).items())


def _text(key: object, label: str) -> str:
    if not isinstance(key, str):
        raise Failure(f"{label}: it must be a text.")
    return key
