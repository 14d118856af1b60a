# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""How a filter refuses what it is given."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ansible.errors import AnsibleFilterError
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def filter_errors() -> Iterator[None]:
    """Let a failure be what Ansible takes for a filter's own.

    Raises:
        AnsibleFilterError: there was one.
    """
    try:
        yield
    except Failure as failure:
        raise AnsibleFilterError(str(failure)) from failure
