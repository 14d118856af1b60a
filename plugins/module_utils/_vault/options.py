# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What several options are checked for, and those that several ways to log in take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._duration import parse_duration
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

HOUR = 3600.0
DAY = 24 * HOUR

_SEGMENT = re.compile(r"[\w.+@~-]+", re.ASCII)


def bounded_duration(text: str, option: str, *, shortest: float, longest: float) -> float:
    """Return the seconds that ``text`` says.

    Raises:
        Failure: it is not a duration, or not between ``shortest`` and ``longest``; the sentence begins with ``option``.
    """
    seconds = parse_duration(text, option)
    if seconds < shortest:
        raise Failure(f"{option}: {text} is too short; it must be at least {shortest:g}s.")
    if seconds > longest:
        raise Failure(f"{option}: {text} is too long; it must be at most {longest:g}s.")
    return seconds


def segments(text: str, option: str) -> str:
    """Return the names in ``text``, which slashes separate, joined by single ones.

    Raises:
        Failure: one of them may change what a path means; the sentence begins with ``option``.
    """
    names = [segment for segment in text.split("/") if segment]
    if not all(_SEGMENT.fullmatch(segment) and segment.strip(".") for segment in names):
        raise Failure(f"{option}: {text!r} is not a path of names joined by slashes.")
    return "/".join(names)


def mount_point(text: str, option: str) -> str:
    """Return where a method is mounted, without ``auth/``.

    Raises:
        Failure: it is no path; the sentence begins with ``option``.
    """
    place = segments(text, option).removeprefix("auth/")
    if not place:
        raise Failure(f"{option}: it must not be empty.")
    return place


def required(params: Mapping[str, Any], option: str) -> str:
    """Return the text of an ``option`` that the method cannot do without.

    Raises:
        Failure: it is not given.
    """
    text = (params[option] or "").strip()
    if not text:
        raise Failure(f"{option}: it is needed with auth_method {params['auth_method']}.")
    return text


def required_file(params: Mapping[str, Any], option: str) -> Path:
    """Return the path of a file that the method cannot do without; the file is not looked at.

    Raises:
        Failure: it is not given.
    """
    return Path(required(params, option))
