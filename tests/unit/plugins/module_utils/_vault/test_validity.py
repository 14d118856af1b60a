# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._vault.validity import out_of_date
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519


def certificate(begin: str, end: str, *, name: str = "it") -> str:
    key = ed25519.Ed25519PrivateKey.generate()
    who = x509.Name([x509.NameAttribute(x509.oid.NameOID.ORGANIZATION_NAME, name) for _number in range(9)])
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), 1)
        .not_valid_before(datetime.fromisoformat(begin))
        .not_valid_after(datetime.fromisoformat(end))
        .sign(key, None)
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def at(moment: str) -> float:
    return datetime.fromisoformat(moment).replace(tzinfo=timezone.utc).timestamp()


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2019-12-31T23:59:59", "is not valid before 2020-01-01T00:00:00Z"),
        ("2020-01-01T00:00:00", ""),
        ("2026-01-01T00:00:00", ""),
        ("2026-01-01T00:00:01", "has expired at 2026-01-01T00:00:00Z"),
    ],
)
def test_both_ends_are_read(now: str, words: str) -> None:
    assert out_of_date(certificate("2020-01-01", "2026-01-01"), at(now)) == words


def test_years_of_two_and_of_four_digits_and_long_fields() -> None:
    pem = certificate("1950-06-01", "2050-06-01", name="x" * 60)
    assert out_of_date(pem, at("1950-01-01T00:00:00")) == "is not valid before 1950-06-01T00:00:00Z"
    assert out_of_date(pem, at("2049-12-31T00:00:00")) == ""
    assert out_of_date(pem, at("2051-01-01T00:00:00")) == "has expired at 2050-06-01T00:00:00Z"


def test_the_first_of_several_counts_and_words_around_it_do_not() -> None:
    old, new = certificate("2020-01-01", "2021-01-01"), certificate("2020-01-01", "2031-01-01")
    assert out_of_date(f"subject=it\n{old}{new}", at("2026-01-01T00:00:00")).startswith("has expired")
    assert out_of_date(new + old, at("2026-01-01T00:00:00")) == ""
    assert out_of_date("none", 0) == ""
