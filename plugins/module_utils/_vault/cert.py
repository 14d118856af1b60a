# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Logging in by a certificate that is shown in the TLS handshake.

Protocol: https://openbao.org/api-docs/auth/cert/
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._vault.login import enter_as_role
from ansible_collections.flant.gitops.plugins.module_utils._vault.options import mount_point, required, required_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from ansible_collections.flant.gitops.plugins.module_utils._vault.client import Client
    from ansible_collections.flant.gitops.plugins.module_utils._vault.errand import Errand
    from ansible_collections.flant.gitops.plugins.module_utils._vault.login import Entry

_LONGEST = 1 << 20
_REASONS = {
    400: "The role must exist there, trust the authority that has issued the certificate, and allow its names.",
    403: "There may be no such auth method, or none for this address; see auth_mount_point.",
    500: "A certificate without a common name is answered so; the server makes an alias of that.",
}


@dataclass(frozen=True)
class Cert:
    """Who logs in: the ``role`` that a certificate stands for; ``mount_point`` is without ``auth/``."""

    mount_point: str
    role: str
    certificate: Path
    key: Path

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Cert:
        """Make it of the module's parameters.

        Raises:
            Failure: a parameter is not valid; the sentence names it.
        """
        if not params["vault_addr"].startswith("https:"):
            raise Failure("vault_addr: auth_method cert needs https, as a certificate is shown in the TLS handshake.")
        return cls(
            mount_point=mount_point(params["auth_mount_point"] or "cert", "auth_mount_point"),
            role=required(params, "auth_role"),
            certificate=required_file(params, "client_cert_file"),
            key=required_file(params, "client_key_file"),
        )

    def enter(self, errand: Errand) -> Entry:
        """Log in, and show the certificate to the server from then on.

        Raises:
            Failure: the certificate or its key cannot be used, the server does not accept it, or it cannot be asked.
        """
        pem = self._show(errand.client)
        credentials = f"the certificate in {self.certificate} as {self.role!r}"
        body = {"name": self.role}
        return errand.make(
            partial(enter_as_role, errand, self.mount_point, credentials, body, partial(self._reason, pem))
        )

    def _show(self, client: Client) -> str:
        """Let ``client`` show the certificate, and return it; what has been checked can be used by its name."""
        from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_file

        with trusted_file(self.certificate, "client_cert_file") as file:
            pem = file.read(_LONGEST).decode("ascii", "ignore")
        with trusted_file(self.key, "client_key_file", secret=True):
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
            except (ssl.SSLError, ValueError):
                raise Failure(f"client_cert_file: {self.certificate} holds no certificate in PEM form.") from None
            try:
                client.show_certificate(self.certificate, self.key)
            except (ssl.SSLError, ValueError) as error:
                raise Failure(f"client_key_file: {self.key} {_defect(error)}.") from None
        return pem

    def _reason(self, pem: str, status: int) -> str:
        from ansible_collections.flant.gitops.plugins.module_utils._vault.validity import out_of_date

        if status not in _REASONS:
            return ""
        defect = out_of_date(pem, time.time())
        return f"The certificate {defect}." if defect else _REASONS[status]


def _defect(error: Exception) -> str:
    if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
        return "is not the key of the certificate in client_cert_file"
    return "holds no private key in PEM form, or one with a passphrase, which nobody is here to give"
