# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens that an issuer of the test's own has signed."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

if TYPE_CHECKING:
    from typing import Any

AUDIENCE = "https://vault.example.test"


class Issuer:
    """Signs tokens with a key of its own, whose public half is ``pem``."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        self.pem = self._key.public_key().public_bytes(*form).decode()

    def token(self, **claims: Any) -> str:  # noqa: ANN401 -- claims are of many types
        """Return a token that is good for ten minutes, with ``claims`` beside or instead of the usual ones."""
        now = int(time.time())
        usual = {"iss": "issuer.test", "sub": "machine", "aud": AUDIENCE, "iat": now, "exp": now + 600}
        head = _encoded(json.dumps({"alg": "ES256", "typ": "JWT"}).encode())
        signed = f"{head}.{_encoded(json.dumps({**usual, **claims}).encode())}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
