# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Where Docker and Podman, which speak one API, mean different things by it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """One engine's way."""

    log_driver: str
    """The log that can be bounded and read back."""

    log_options: tuple[tuple[str, str], ...]
    """What that log needs beside its size."""

    unset: str
    """What follows a variable's name to take the image's value away."""

    image_shapes_volume: bool
    """Whether a new volume gets owner and mode from the image's folder at its place, and while it is empty that
    folder's content too, ``no_copy`` or not."""


DOCKER = Dialect(
    log_driver="local",
    log_options=(("max-file", "2"), ("compress", "false")),
    unset="",
    image_shapes_volume=False,
)
# A name alone would let the value through that the variable has in Podman's own environment.
PODMAN = Dialect(log_driver="k8s-file", log_options=(), unset="=", image_shapes_volume=True)
