# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What 200 MB of output cost, against waiting only, with the same log driver.

Needs root and dockerd. Usage: container_command_output.py [--rounds N]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._container import spec
from ansible_collections.flant.gitops.plugins.module_utils._container.dialect import DOCKER
from ansible_collections.flant.gitops.tests.support import engine as engines
from ansible_collections.flant.gitops.tests.support import images
from ansible_collections.flant.gitops.tests.support.container_call import Caller, request
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.ratios import ratio, row

if TYPE_CHECKING:
    from collections.abc import Iterator

_WRITE = "yes 'A line such as a build writes many of, which has a hundred characters with the newline at its end' "
_WRITE += "| head -c 200000000"
_PEAK = """
import json, sys
from ansible_collections.flant.gitops.tests.support.container_call import Caller
answer = Caller(json.loads(sys.argv[1]))(sys.argv[2])
assert not answer["failed"], answer
with open("/proc/self/status") as status:  # getrusage would count what the parent had, too
    print(next(line.split()[1] for line in status if line.startswith("VmHWM:")))
"""


def peak(options: dict[str, object], command: str) -> int:
    """Return the most memory that a call takes, in KiB."""
    arguments = [sys.executable, "-c", _PEAK, json.dumps(options), command]
    environment = {**clean(), "PYTHONPATH": ":".join(sys.path)}
    return int(subprocess.run(arguments, check=True, capture_output=True, env=environment).stdout)


def measured(kind: type[engines.Engine], rounds: int) -> Iterator[str]:
    """Measure on one engine."""
    with engines.running(kind) as engine, engine.client() as client, images.busybox().loaded(client) as image:
        options: dict[str, object] = {"docker_host": engine.url, "image": image, "name": "benchmark"}
        call = Caller(options)
        body = spec.create_body(
            request({**options, "commands": [_WRITE]}, check_mode=False), client.inspect_image(image), {}, DOCKER
        )

        def ours() -> None:
            assert not call(_WRITE)["failed"]

        def only_wait() -> None:
            container = client.create_container_from_config(body)["Id"]
            client.start(container)
            client.wait(container, timeout=600)
            client.remove_container(container, v=True)

        name = f"container_command on Docker {client.version()['Version']}, 200 MB of output"
        yield row(f"{name} / only waiting", ratio(ours, only_wait, rounds), 1.1)
        more = peak(options, _WRITE) - peak(options, "true")
        yield row(f"{name}, memory less that for none, in MiB", more / 1024, 5)
        container = call(_WRITE, cleanup=False)["container_id"]
        folder = engine.folder / "data/containers" / container
        used = sum(file.stat().st_blocks * 512 for file in folder.rglob("*"))
        call(action="remove")
        yield row(f"{name}, on the engine's disk, in MB", used / 1e6, 3)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    for kind in (engines.Docker, engines.NewestDocker):
        for line in measured(kind, rounds):
            print(line, flush=True)


if __name__ == "__main__":
    main()
