# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A network namespace that has nothing but a loopback of its own, and so no way out but what listens there."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import threading
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLONE_NEWNET = 0x40000000
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1
_MINE = "/proc/thread-self/ns/net"

needs_root = pytest.mark.root  # only root can make one

_libc = ctypes.CDLL(None, use_errno=True)


class Island:
    """The namespace; made by `island`. What is started within it stays in it.

    Attributes:
        listener: a socket that listens at its loopback, for a server outside of it.
    """

    def __init__(self) -> None:
        self.listener: socket.socket
        self._namespace = -1
        maker = threading.Thread(target=self._make)  # a namespace is a thread's
        maker.start()
        maker.join()

    def _make(self) -> None:
        _check(_libc.unshare(_CLONE_NEWNET))
        with socket.socket() as probe:
            fcntl.ioctl(probe, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP))
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._namespace = os.open(_MINE, os.O_RDONLY | os.O_CLOEXEC)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Let this thread, and what it starts, be in the namespace until the body is done."""
        before = os.open(_MINE, os.O_RDONLY | os.O_CLOEXEC)
        _check(_libc.setns(self._namespace, _CLONE_NEWNET))
        try:
            yield
        finally:
            _check(_libc.setns(before, _CLONE_NEWNET))
            os.close(before)

    def close(self) -> None:
        self.listener.close()
        os.close(self._namespace)


@contextlib.contextmanager
def island() -> Iterator[Island]:
    """Yield a new namespace."""
    with contextlib.closing(Island()) as made:
        yield made


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
