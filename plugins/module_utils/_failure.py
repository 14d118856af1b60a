# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""How everything below the modules says that it cannot go on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Failure(Exception):  # noqa: N818 -- it is the task that failed, not the code
    """A reason to stop: one sentence for the operator that names the option, commit or container at fault.

    The sentence never holds a secret, so that a caller may repeat it where ``no_log`` hid it.
    """

    def __init__(self, message: str, **result: object) -> None:
        """Take the sentence and, as ``result``, return values that are to be reported beside it."""
        super().__init__(message)
        self.result = result
        self.warnings: tuple[str, ...] = ()

    def after(self, warnings: Iterable[str]) -> Failure:
        """Return itself, with what there was to warn of before."""
        self.warnings = tuple(warnings)
        return self


class Refused(Failure):
    """What a server holds is refused, and will be whenever it is looked at, however late and by whichever clock."""


class MissingLibrary(Failure):
    """A Python library is not installed for the interpreter that runs the module."""

    def __init__(self, name: str) -> None:
        """Take the library's name as the package index has it."""
        super().__init__(f"The Python library {name} is needed on the target, and {sys.executable} does not have it.")
