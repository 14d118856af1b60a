# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Logging in by the token of a service account, about which the server asks Kubernetes.

Protocol: https://openbao.org/api-docs/auth/kubernetes/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ansible_collections.flant.gitops.plugins.module_utils._vault.jwt import Jwt

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kubernetes(Jwt):
    """Who logs in: a ``role``, with the token of a service account, as `Jwt` does with any."""

    NAME: ClassVar[str] = "kubernetes"
    REASONS: ClassVar[Mapping[int, str]] = {
        400: "The role must exist there.",
        403: (
            "Kubernetes must answer the server and know the token, and the role's bound_service_account_names, "
            "bound_service_account_namespaces and audience must fit it; or there is no such auth method, see "
            "auth_mount_point."
        ),
        500: "The server's own log says why; it may lack its config, or find the token odd.",
    }
