# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The name of an instance, which becomes part of paths, units and containers."""

from __future__ import annotations

import re

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")


def is_instance(name: object) -> bool:
    """Tell whether ``name`` is one of an instance."""
    return isinstance(name, str) and bool(_NAME.fullmatch(name))


def check_instance(name: object) -> None:
    """Refuse what is no name of an instance.

    Raises:
        Failure: so it is; the sentence begins with ``instance``.
    """
    if not isinstance(name, str):
        raise Failure("instance: it must be a text; put it in quotes.")
    if not is_instance(name):
        raise Failure("instance: it must be a letter or digit and up to 39 letters, digits, '_', '.' or '-'.")
