# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Secrets do not show in what is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "********"


class Masking:
    """Hides a set of values wherever they stand, whole or line by line."""

    def __init__(self, values: Iterable[str]) -> None:
        """Take the secrets; blank ones hide nothing, nor does a line of signs alone, such as a brace in JSON."""
        forms = {form for value in values for form in (value, value.strip(), *_lines(value))}
        encoded = (form.encode("utf-8", "surrogateescape") for form in forms if form.strip())
        self._forms = sorted(encoded, key=lambda form: (-len(form), form))

    @property
    def margin(self) -> int:
        """How many bytes beyond a cut must be known to tell whether a secret lies across it."""
        return max(len(self._forms[0]) - 1, 0) if self._forms else 0

    def hide(self, data: bytes) -> bytes:
        """Return ``data`` with the mask in the place of every secret."""
        for form in self._forms:
            data = data.replace(form, MASK.encode())
        return data

    def hide_text(self, text: str) -> str:
        """Return ``text`` with the mask in the place of every secret."""
        return self.hide(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def start_of_secret_at(self, data: bytes, cut: int) -> int:
        """Return where to cut so that nothing of a secret that lies across ``cut`` stays before it."""
        return min((start for start, _end in self._across(data, cut)), default=cut)

    def end_of_secret_at(self, data: bytes, cut: int) -> int:
        """Return where to cut so that nothing of a secret that lies across ``cut`` stays after it."""
        return max((end for _start, end in self._across(data, cut)), default=cut)

    def _across(self, data: bytes, cut: int) -> Iterable[tuple[int, int]]:
        for form in self._forms:
            start = data.find(form, max(cut - len(form) + 1, 0), cut + len(form) - 1)
            if start >= 0:
                yield start, start + len(form)


def _lines(value: str) -> Iterable[str]:
    return (line.strip() for line in value.splitlines() if any(map(str.isalnum, line)))
