# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Detached signatures as they come: armored out of a commit's header, or binary out of a note."""

from __future__ import annotations

from ansible_collections.flant.gitops.plugins.module_utils._openpgp import armor, mistakes, packets


def single_packet(signature: bytes) -> bytes:
    """Return the one signature packet that ``signature`` consists of, in binary.

    Nothing else may be there. Of several packets, each signature would have to be judged apart, and an inline-signed
    message brings along data of its own, which gpg would then verify in place of what was to be signed.

    Raises:
        ValueError: it is anything else; the text says what, fit to stand after a colon.
    """
    other = mistakes.kind(signature)
    if signature.lstrip().startswith(b"-----BEGIN PGP SIGNATURE-----"):
        found = armor.blocks(signature)
        if [block.label for block in found] != ["SIGNATURE"]:
            raise ValueError("it is not one armored OpenPGP signature")
        signature = found[0].data
    elif other:
        raise ValueError(other)
    try:
        tags = [packet.tag for packet in packets.split(signature)]
    except ValueError:
        raise ValueError(mistakes.broken_line()) from None
    if tags != [packets.SIGNATURE]:
        raise ValueError("it is not exactly one OpenPGP signature packet")
    return signature
