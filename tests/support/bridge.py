# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network that an engine's containers have by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker import DockerClient


def gateway(engine: DockerClient) -> str:
    """Return the address of this machine that containers reach."""
    bridge = engine.networks.get("bridge").attrs["IPAM"]["Config"][0]
    return bridge.get("Gateway") or bridge["Subnet"].replace(".0.0/16", ".0.1")
