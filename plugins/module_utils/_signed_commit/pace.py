# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""How soon, and how often, a commit whose attempts fail is given again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._duration import parse_duration
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

_RUN = re.compile(r"[A-Za-z0-9._:+-]{1,255}")
_MOST_DOUBLINGS = 60  # of a millisecond: more than any clock shows


class Pace(NamedTuple):
    """The option ``attempts``.

    Attributes:
        of: what else decides how an attempt ends, besides the commit.
        run: what tells an attempt that has failed from all others.
        delay: after how many seconds the second attempt is due; each further delay is twice the one before.
        max_delay: the longest delay in seconds.
        max_attempts: how many attempts there are; 0 for any number.
        anew: whether what was counted before is forgotten.
    """

    of: str
    run: str
    delay: float
    max_delay: float
    max_attempts: int
    anew: bool

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Pace:
        """Take the suboptions.

        Raises:
            Failure: one of them is no good; the sentence names it.
        """
        if params["run"] and not _RUN.fullmatch(params["run"]):
            raise Failure("attempts.run: it must be an id of letters, digits and ._:+- of at most 255 characters.")
        return cls(
            of=params["of"],
            run=params["run"],
            **pace(params, "attempts."),
            anew=params["anew"],
        )

    def wait(self, attempts: int) -> float:
        """Return how many seconds after the last of so many ``attempts`` the next one is due."""
        return min(self.delay * 2.0 ** min(attempts - 1, _MOST_DOUBLINGS), self.max_delay)

    def gives_up(self, attempts: int) -> bool:
        """Tell whether there is none after so many ``attempts``."""
        return 0 < self.max_attempts <= attempts


def pace(given: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return ``delay``, ``max_delay`` and ``max_attempts`` of `Pace` as they are ``given`` to the module or the role.

    Raises:
        Failure: one of them is no good; the sentence names it with the ``prefix``.
    """
    delay, max_delay = (parse_duration(given[name], f"{prefix}{name}") for name in ("retry_delay", "retry_max_delay"))
    if max_delay < delay:
        raise Failure(f"{prefix}retry_max_delay: it must not be shorter than {prefix}retry_delay.")
    if given["max_attempts"] < 0:
        raise Failure(f"{prefix}max_attempts: it must not be negative.")
    return {"delay": delay, "max_delay": max_delay, "max_attempts": given["max_attempts"]}
