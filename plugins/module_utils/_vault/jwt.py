# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Logging in by a token that somebody else has signed, such as the platform that the machine runs on.

Protocol: https://openbao.org/api-docs/auth/jwt/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._vault.login import enter_as_role
from ansible_collections.flant.gitops.plugins.module_utils._vault.options import mount_point, required, required_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from ansible_collections.flant.gitops.plugins.module_utils._vault.errand import Errand
    from ansible_collections.flant.gitops.plugins.module_utils._vault.login import Entry

_LONGEST = 1 << 16
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


@dataclass(frozen=True)
class Jwt:
    """Who logs in: a ``role``, with the token that is in ``file`` then; ``mount_point`` is without ``auth/``."""

    NAME: ClassVar[str] = "jwt"
    REASONS: ClassVar[Mapping[int, str]] = {
        400: "The role must exist there, and its bound_audiences, bound_subject and bound_claims must fit the token.",
        403: "There may be no such auth method, or none for this address; see auth_mount_point.",
    }

    mount_point: str
    role: str
    file: Path

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Jwt:
        """Make it of the module's parameters.

        Raises:
            Failure: a parameter is not valid; the sentence names it.
        """
        return cls(
            mount_point=mount_point(params["auth_mount_point"] or cls.NAME, "auth_mount_point"),
            role=required(params, "auth_role"),
            file=required_file(params, "jwt_file"),
        )

    def enter(self, errand: Errand) -> Entry:
        """Log in with the token that is in the file now.

        Raises:
            Failure: the file holds none, the server does not accept it, or it cannot be asked.
        """
        token = self._read()
        credentials = f"the token in {self.file} as {self.role!r}"
        body = {"role": self.role, "jwt": token}
        return errand.make(
            partial(enter_as_role, errand, self.mount_point, credentials, body, partial(self._reason, token))
        )

    def _read(self) -> str:
        from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_file

        with trusted_file(self.file, "jwt_file", secret=True, link=True) as file:
            token = file.read(_LONGEST).decode("ascii", "replace").strip()
        if not _JWT.fullmatch(token):
            raise Failure(f"jwt_file: {self.file} does not hold a JWT and nothing else.")
        return token

    def _reason(self, token: str, status: int) -> str:
        from ansible_collections.flant.gitops.plugins.module_utils._vault.claims import explained

        return explained(token, self.REASONS[status]) if status in self.REASONS else ""
