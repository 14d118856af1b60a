# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Public keys as operators give them to the role: in a list, or in a dictionary whose names messages use."""

from __future__ import annotations

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._openpgp import certificates


def check_keys(keys: object, variable: str) -> None:
    """Refuse what the modules would refuse as a trusted key.

    Raises:
        Failure: ``keys`` is neither a list nor a dictionary, or one of them is no armored public key; the sentence
            begins with ``variable`` and the key's name.
    """
    if not isinstance(keys, (dict, list, tuple)):
        raise Failure(f"{variable}: it must be a list of keys, or a dictionary from names to keys.")
    for name, key in (keys if isinstance(keys, dict) else dict(enumerate(keys))).items():
        option = f"{variable}[{name!r}]"
        if not isinstance(key, str):
            raise Failure(f"{option}: it must be a text.")
        certificates.read(key, option)
