# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TCP proxy on loopback that makes a server seem far away.

It runs in a process of its own, so that it takes no turns from the program that is measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 16


@dataclass
class SlowLink:
    """The proxy's process, and the port that it listens on."""

    process: subprocess.Popen[str]
    port: int

    def most_connections(self) -> int:
        """Return how many connections have been open at once since this was last asked."""
        assert self.process.stdin
        assert self.process.stdout
        print(file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())


@contextlib.contextmanager
def slow_link(port: int, round_trip: float) -> Iterator[SlowLink]:
    """Yield a link to ``port`` of this machine on which everything takes ``round_trip`` seconds to go and come back."""
    command = [sys.executable, __file__, str(port), str(round_trip)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield SlowLink(process, int(process.stdout.readline()))
        finally:
            process.kill()


class _Proxy:
    """Holds back every piece of data for half a round trip, and the first of a connection for its handshake too."""

    def __init__(self, port: int, round_trip: float) -> None:
        self._port = port
        self._round_trip = round_trip
        self._open = 0
        self._most = 0

    async def serve(self) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 -- the parent process reads it
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            print(self._most, flush=True)  # noqa: T201 -- likewise
            self._most = self._open

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        established = asyncio.get_running_loop().time() + self._round_trip
        self._open += 1
        self._most = max(self._most, self._open)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
            await asyncio.gather(self._carry(reader, far_writer, established), self._carry(far_reader, writer, 0))
        finally:
            self._open -= 1

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, earliest: float) -> None:
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        arriving = asyncio.create_task(self._arrive(on_the_way, writer))
        loop = asyncio.get_running_loop()
        data = b" "
        while data:
            try:
                data = await reader.read(_CHUNK)
            except ConnectionError:
                data = b""
            on_the_way.put_nowait((max(loop.time(), earliest) + self._round_trip / 2, data))
        await arriving

    async def _arrive(self, on_the_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        data = b" "
        with contextlib.suppress(ConnectionError):
            while data:
                due, data = await on_the_way.get()
                await asyncio.sleep(due - loop.time())
                writer.write(data)
                await writer.drain()
        writer.close()


if __name__ == "__main__":
    asyncio.run(_Proxy(int(sys.argv[1]), float(sys.argv[2])).serve())
