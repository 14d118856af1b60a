# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a token says of itself, for a server that does not say why it refused the token. Nothing here is verified.

Format: RFC 7519.
"""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._printable import printable
from ansible_collections.flant.gitops.plugins.module_utils._timestamp import iso8601

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_SHOWN = 200
_LATEST = 1e11  # a few thousand years from now


def explained(token: str, reason: str) -> str:
    """Return that ``token`` is out of date, if it is; else ``reason``, and whom the token is for."""
    claims = _claims(token)
    begin, end = _moment(claims, "nbf"), _moment(claims, "exp")
    if end is not None and end <= time.time():
        return f"The token has expired at {iso8601(end)}."
    if begin is not None and begin > time.time():
        return f"The token is not valid before {iso8601(begin)}."
    audience = claims.get("aud")
    names = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    shown = ", ".join(printable(name) for name in names if isinstance(name, str))
    return f"{reason} The token is for {shown[:_MOST_SHOWN] or 'no audience'}."


def _moment(claims: Mapping[str, object], name: str) -> int | None:
    value = claims.get(name)
    return int(value) if isinstance(value, (int, float)) and 0 <= value <= _LATEST else None


def _claims(token: str) -> dict[str, object]:
    payload = token.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
