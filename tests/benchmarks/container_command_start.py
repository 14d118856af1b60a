# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs to run ``true`` without a tree, against ``docker run --rm`` and against bare calls of the engine's API.

Needs root, dockerd, docker and ansible-core. Usage: container_command_start.py [--rounds N]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support import engine as engines
from ansible_collections.flant.gitops.tests.support import images
from ansible_collections.flant.gitops.tests.support.container_call import Caller
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.ratios import ratio, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from docker import APIClient

# A module as Ansible runs it, but for the unpacking: load it, give it its arguments, let it exit.
_MODULE = """
import json, sys
from importlib import import_module
from ansible.module_utils.testing import patch_module_args
with patch_module_args(json.loads(sys.argv[2])):
    import_module(sys.argv[1]).main()
"""


def module(name: str, arguments: dict[str, object]) -> None:
    """Run a module in a process of its own."""
    command = [sys.executable, "-c", _MODULE, name, json.dumps(arguments)]
    subprocess.run(command, check=True, capture_output=True, env={**clean(), "PYTHONPATH": ":".join(sys.path)})


def bare(client: APIClient, image: str) -> None:
    """Do what no implementation can do without."""
    container = client.create_container_from_config({"Image": image, "Entrypoint": ["/bin/true"]})["Id"]
    client.start(container)
    client.wait(container)
    client.remove_container(container, v=True)


def seconds(function: Callable[[], object]) -> float:
    """Return how long ``function`` takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    with engines.running(engines.Docker) as engine, engine.client() as client, images.busybox().loaded(client) as image:
        client.tag(image, "localhost/benchmark", "1")
        arguments = {"docker_host": engine.url, "image": image, "name": "benchmark", "commands": ["true"]}
        call = Caller(arguments)

        def cli() -> None:
            command = ["docker", "--host", engine.url, "run", "--rm", "localhost/benchmark:1", "/bin/true"]
            subprocess.run(command, check=True, env=clean(), capture_output=True)

        def ours() -> None:
            assert not call()["failed"]

        def process() -> None:
            module("ansible_collections.flant.gitops.plugins.modules.container_command", arguments)

        def idle() -> None:
            module("ansible.modules.ping", {"data": "pong"})

        def own() -> float:
            floor = seconds(cli)
            return (seconds(process) - seconds(idle)) / floor

        floor = ratio(lambda: bare(client, image), cli, rounds)
        print(f"(bare calls of the API / docker run --rm: {floor:.2f})")
        print(row("container_command true / docker run --rm", ratio(ours, cli, rounds), 0.75))
        print(
            row(
                "container_command true / bare calls of the API", ratio(ours, lambda: bare(client, image), rounds), 1.15
            )
        )
        own()
        process_ratio = statistics.median(own() for _round in range(rounds))
        print(row("container_command process less an idle module's / docker run --rm", process_ratio, 0.75))


if __name__ == "__main__":
    main()
