# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""gpg's listing of keys."""

from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._openpgp.listing import unfitness
from hypothesis import given
from hypothesis import strategies as st

_FINGERPRINT = "70E49CECEE4654D6304D0C5017326D0793A4D274"
_SUBKEY = "2BD7A32F96DE752B3C4F5DF82A5C39B89ED095F5"


def _listing(validity: str = "u", capabilities: str = "scSC", user_id: str = "A <a@x>") -> bytes:
    return (
        "tru:t:1:1795506977:0:3:1:5\n"
        f"pub:{validity}:255:22:17326D0793A4D274:1795506977:::-:::{capabilities}:::::ed25519:::0:\n"
        f"fpr:::::::::{_FINGERPRINT}:\n"
        f"uid:-::::1795506977::0F099418D690943BA201D437CB86CD33C36EA20D::{user_id}::::::::::0:\n"
        "sub:e:255:22:2A5C39B89ED095F5:1795506977::::::s:::::ed25519::\n"
        f"fpr:::::::::{_SUBKEY}:\n"
    ).encode()


@pytest.mark.parametrize(
    ("listing", "reason"),
    [
        (_listing(), None),
        (_listing(validity="-"), None),
        (_listing(validity="r"), "was revoked"),
        (_listing(validity="e"), "has expired"),
        (_listing(validity="i"), "is not valid"),
        (_listing(validity="d"), "is disabled"),
        (_listing(capabilities="cC"), "has no key that may sign"),
        (_listing(capabilities="sc"), "has no key that may sign"),
    ],
)
def test_a_certificate_is_fit_or_has_a_reason(listing: bytes, reason: str | None) -> None:
    assert unfitness(listing) == {_FINGERPRINT: reason}


@pytest.mark.parametrize(("validity", "reason"), [("u", "is not valid"), ("r", "was revoked")])
def test_s22_a_certificate_without_a_user_id_is_unfit_whatever_gpg_says(validity: str, reason: str) -> None:
    lines = _listing(validity=validity).splitlines()
    assert unfitness(b"\n".join(line for line in lines if not line.startswith(b"uid:"))) == {_FINGERPRINT: reason}


def test_s8_a_certificate_in_two_keyrings_is_as_unfit_as_the_worse() -> None:
    for listing in (_listing() + _listing(validity="r"), _listing(validity="r") + _listing()):
        assert unfitness(listing) == {_FINGERPRINT: "was revoked"}


@pytest.mark.parametrize("separator", ["\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_s9_a_user_id_forges_no_line(separator: str) -> None:
    user_id = f"A{separator}fpr:::::::::{'0' * 40}:{separator}pub:r:"
    assert unfitness(_listing(user_id=user_id)) == {_FINGERPRINT: None}


@given(st.lists(st.sampled_from([*_listing().splitlines(), b"pub", b"fpr", b"pub:", b"fpr:\xff", b"", b":"])))
def test_any_listing_is_read(lines: list[bytes]) -> None:
    assert set(unfitness(b"\n".join(lines))) <= {_FINGERPRINT, _SUBKEY}
