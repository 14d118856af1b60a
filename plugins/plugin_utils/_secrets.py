# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Which of the role's variables are secret, in one place.

The role's argument specs do not say so: ansible-core 2.18 refuses inline ``!vault`` values of an option with ``no_log``
there, and where a variable arrives in a module, that module's own ``no_log`` keeps it from being shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLES: Mapping[str, str] = {
    "flant_gitops_git_password": "Password of the git repository",
    "flant_gitops_git_proxy_password": "Password of the proxy on the way to the git repository",
    "flant_gitops_docker_registry_password": "Password of the image registry",
    "flant_gitops_vault_secret_id": "Secret-id of the AppRole",
    "flant_gitops_vault_proxy_password": "Password of the proxy on the way to Vault",
}
"""What a variable holds that is secret as a whole, in the words that people are shown."""

WITHIN: Mapping[str, str] = {"flant_gitops_vault_requests": "secret_options"}
"""What is secret in a variable that is a list of dictionaries."""
