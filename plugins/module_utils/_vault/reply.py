# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a server answers: fields that are checked as they are read, or a refusal that is a sentence without secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

_REASONS = {
    400: "the server does not accept it",
    403: "permission denied",
    404: "there is nothing",
    405: "the method is not supported there",
    407: "the proxy refused proxy_username and proxy_password, or wants some",
    412: "the server has not caught up with its own writes",
    429: "too many requests",
    500: "the server failed, and it may have been carried out",
    502: "a proxy failed, and it may have been carried out",
    503: "the server is sealed, on standby or overloaded",
    504: "a proxy gave up, and it may have been carried out",
}


class Rejected(Failure):
    """The server answered with an error."""

    def __init__(self, purpose: str, status: int) -> None:
        """Take what was asked for, as the beginning of a sentence, and the HTTP status."""
        super().__init__(f"{purpose}: {_REASONS.get(status, 'the server answered with an error')} (HTTP {status}).")
        self.purpose = purpose
        self.status = status

    def because(self, reason: str) -> Rejected:
        """Return itself, with a ``reason`` that the status may have."""
        self.args = (f"{self.args[0]} {reason}".strip(),)
        return self


@dataclass(frozen=True)
class Reply:
    """What the server answered to ``purpose``; its content is never shown."""

    purpose: str
    status: int
    content: Mapping[str, object] = field(repr=False)

    def section(self, key: str) -> Section:
        """Return the object under ``key``; without one, an empty section."""
        value = self.content.get(key)
        return Section(self.purpose, value if isinstance(value, dict) else {})


@dataclass(frozen=True)
class Section:
    """An object within a reply, whose fields are checked as they are read."""

    purpose: str
    content: Mapping[str, object] = field(repr=False)

    def __bool__(self) -> bool:
        """Say whether the server sent anything here."""
        return bool(self.content)

    def text(self, key: str) -> str:
        """Return a text; absent or null: empty."""
        value = self.content.get(key)
        return value if isinstance(value, str) else "" if value is None else self._refuse(key)

    def number(self, key: str) -> int:
        """Return a whole number; absent or null: 0."""
        value = self.content.get(key)
        if value is None:
            return 0
        return value if isinstance(value, int) and not isinstance(value, bool) else self._refuse(key)

    def texts(self, key: str) -> list[str]:
        """Return a list of texts; absent or null: empty."""
        value = self.content.get(key)
        if value is None:
            return []
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value
        return self._refuse(key)

    def mapping(self, key: str) -> dict[str, object]:
        """Return an object; absent or null: empty."""
        value = self.content.get(key)
        return value if isinstance(value, dict) else {} if value is None else self._refuse(key)

    def _refuse(self, key: str) -> NoReturn:
        raise Failure(f"{self.purpose}: the server's reply has something unexpected as {key}.")
