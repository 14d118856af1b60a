# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tree of 300 MB costs, against ``docker create``, ``cp``, ``start``, ``rm`` and against ``docker build``.

Needs root, dockerd and docker. Usage: container_command_tree.py [--rounds N]
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support import engine as engines
from ansible_collections.flant.gitops.tests.support import images
from ansible_collections.flant.gitops.tests.support.container_call import Caller
from ansible_collections.flant.gitops.tests.support.environment import clean
from ansible_collections.flant.gitops.tests.support.ratios import ratio, row

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILES = 2000
_PEAK = """
import json, sys
from ansible_collections.flant.gitops.tests.support.container_call import Caller
answer = Caller(json.loads(sys.argv[1]))("true")
assert not answer["failed"], answer
with open("/proc/self/status") as status:  # getrusage would count what the parent had, too
    print(next(line.split()[1] for line in status if line.startswith("VmHWM:")))
"""


def tree(path: Path, size: int) -> Path:
    """Make a tar of `_FILES` files that have ``size`` bytes together."""
    content = os.urandom(size // _FILES)
    with tarfile.open(path, "w") as tar:
        for number in range(_FILES):
            member = tarfile.TarInfo(f"folder{number % 50}/file{number}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def peak(options: dict[str, object]) -> int:
    """Return the most memory that a call takes, in KiB."""
    command = [sys.executable, "-c", _PEAK, json.dumps(options)]
    environment = {**clean(), "PYTHONPATH": ":".join(sys.path)}
    return int(subprocess.run(command, check=True, capture_output=True, env=environment).stdout)


def measured(kind: type[engines.Engine], rounds: int) -> Iterator[str]:
    """Measure on one engine."""
    with (
        tempfile.TemporaryDirectory() as temporary,
        engines.running(kind) as engine,
        engine.client() as client,
        images.busybox().loaded(client) as image,
    ):
        large, small = (tree(Path(temporary) / f"{size}.tar", size) for size in (300_000_000, 5_000_000))
        context = Path(temporary) / "context"
        (context / "tree").mkdir(parents=True)
        with tarfile.open(large) as tar:
            tar.extractall(context / "tree", filter="data")
        client.tag(image, "localhost/benchmark", "1")
        (context / "Dockerfile").write_text('FROM localhost/benchmark:1\nCOPY tree /git\nRUN ["/bin/true"]\n')
        options: dict[str, object] = {"docker_host": engine.url, "image": image, "name": "benchmark"}
        call = Caller(options)

        def docker(*arguments: str, archive: Path | None = None) -> str:
            with (archive or Path(os.devnull)).open("rb") as file:
                command = ["docker", "--host", engine.url, *arguments]
                environment = {**clean(), "DOCKER_BUILDKIT": "0"}
                ran = subprocess.run(command, check=True, env=environment, capture_output=True, stdin=file)
            return ran.stdout.decode().strip()

        def ours() -> None:
            assert not call("true", archive=large)["failed"]

        def copied() -> None:
            container = docker("create", "--volume=/git", "localhost/benchmark:1", "/bin/true")
            docker("cp", "-", f"{container}:/git", archive=large)
            docker("start", "--attach", container)
            docker("rm", "--volumes", container)

        def built() -> None:
            docker("build", "--no-cache", "--force-rm", "--tag=localhost/built:1", str(context))
            docker("rmi", "localhost/built:1")

        version = client.version()["Version"]
        name = f"container_command on Docker {version}, 300 MB"
        yield row(f"{name} / docker create, cp, start, rm", ratio(ours, copied, rounds), 1.05)
        yield row(f"{name} / docker build, rmi", ratio(ours, built, max(rounds // 2, 1)), 0.4)
        more = peak({**options, "archive": str(large)}) - peak({**options, "archive": str(small)})
        yield row(f"{name}, memory less that for 5 MB, in MiB", more / 1024, 8)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    for kind in (engines.Docker, engines.NewestDocker):
        for line in measured(kind, rounds):
            print(line, flush=True)


if __name__ == "__main__":
    main()
