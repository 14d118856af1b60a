# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Image references, and whether they are pinned.

The grammar is that of https://pkg.go.dev/github.com/distribution/reference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

_ID = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_REFERENCE = re.compile(
    rf"(?P<repository>(?:{_DOMAIN}/)?{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    rf"(?:@(?P<digest>{_ID.pattern}))?",
    re.ASCII,
)


@dataclass(frozen=True)
class Image:
    """An image as it was asked for."""

    text: str
    repository: str = ""
    tag: str = ""
    digest: str = ""

    @property
    def is_local(self) -> bool:
        """Whether the image is named by its id on the engine, so that no registry has a word for it."""
        return not self.repository

    @property
    def reference(self) -> str:
        """What to ask the engine for: a digest rules over the tag beside it."""
        if self.is_local:
            return self.text
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag}"


def parse(text: str, *, require_digest: bool) -> Image:
    """Return the image that ``text`` names: ``name[:tag]@sha256:...`` or a local id ``sha256:...``.

    Without ``require_digest`` a name with a tag, or alone (``latest``), will do.

    Raises:
        Failure: ``text`` is no reference, or is not pinned.
    """
    if _ID.fullmatch(text):
        return Image(text)
    match = _REFERENCE.fullmatch(text)
    if not match:
        raise Failure(f"image: {text!r} is not an image reference; write name[:tag]@sha256:<64 hex digits>.")
    if not match["digest"] and require_digest:
        raise Failure(
            f"image: {text!r} is not pinned, so what runs could change under its name; append @sha256:<digest>.",
        )
    digest = match["digest"] or ""
    return Image(text, match["repository"], match["tag"] or ("" if digest else "latest"), digest)
