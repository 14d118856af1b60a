# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a server sends is received until the call's time is over, however slowly it drips."""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from typing import Any

_this_call = threading.local()
"""The ``deadline`` of the call that a thread makes, by the monotonic clock."""


def begin_call(seconds: float) -> None:
    """Let a call of this thread begin, which may take so many seconds."""
    _this_call.deadline = time.monotonic() + seconds


def time_left() -> float:
    """Return the seconds that are left for this thread's call.

    Raises:
        socket.timeout: there are none.
    """
    left: float = _this_call.deadline - time.monotonic()
    if left <= 0:
        raise socket.timeout("timed out")
    return left


class Response(http.client.HTTPResponse):
    """A response of which a part may still come, but not after the deadline."""

    def __init__(self, sock: socket.socket, *arguments: Any, **keywords: Any) -> None:  # noqa: ANN401 -- handed on
        """Take what ``http.client`` gives."""
        super().__init__(sock, *arguments, **keywords)
        self.fp.close()
        self.fp = io.BufferedReader(_Deadlined(sock))


class _Deadlined(io.RawIOBase):
    """What a socket receives, until the deadline of the call: its own timeout begins anew with every byte."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file = connection.makefile("rb", buffering=0)  # it keeps the socket open until all is read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int | None:  # type: ignore[override]  # what BufferedReader gives
        self._connection.settimeout(time_left())
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()
