# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What changes what an instance remembers is done where somebody has said yes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_YES = ("yes", "true")


def refusal(answers: Mapping[str, object]) -> str:
    """Return which of the variables that have to say yes does not, or an empty text."""
    for variable, answer in answers.items():
        if str(answer).lower() not in _YES:
            return f"{variable}: nothing was changed; answer or set yes."
    return ""
