# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a container engine as the examples of the module's documentation expect it, until it is told to end.

Usage: serve.py FOLDER. Once the engine can be used, FOLDER/engine.json says how.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from ansible_collections.flant.gitops.tests.support import background, images, registry
from ansible_collections.flant.gitops.tests.support import engine as engines


def main() -> None:
    """Serve."""
    folder = Path(sys.argv[1])
    with contextlib.ExitStack() as stack:
        engine = stack.enter_context(engines.running(engines.Docker))
        client = stack.enter_context(engine.client())
        closed = stack.enter_context(registry.running(engine, password=True))
        # The commands that the examples run, each of which does nothing.
        image = images.busybox().with_files(
            **{f"bin__{name}": images.Program(b"#!/bin/sh\n") for name in ("go", "bao")}
        )
        client.create_network("deployments")
        described = {
            "url": engine.url,
            "image": stack.enter_context(image.loaded(client)),
            "pinned": closed.push(client, image, "deploy"),
            "username": registry.USERNAME,
            "password": registry.PASSWORD,
        }
        background.serve(folder / "engine.json", described)


if __name__ == "__main__":
    background.run(main)
