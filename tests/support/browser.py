# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Chromium without a window, told what to do by its DevTools protocol over a pair of pipes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# Chromium reads from 3 and writes to 4; root has no sandbox there, and the pages are our own.
COMMAND = (
    'exec chromium --headless --no-sandbox --disable-gpu --remote-debugging-pipe --user-data-dir="$1"'
    " 3<&0 4>&1 </dev/null >/dev/null 2>&1"
)


class BrowserError(Exception):
    """Chromium has refused a command, a script has thrown, or Chromium has ended; the text says what it told."""


class Browser:
    """One page of a Chromium: https://chromedevtools.github.io/devtools-protocol/ names the commands."""

    def __init__(self, commands: IO[bytes], events: IO[bytes]) -> None:
        """Take the unbuffered pipes to write commands to and to read answers from, and open a page."""
        self._commands = commands
        self._events = events
        self._unread = b""
        self._number = 0
        self._session: str | None = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")

    def call(self, method: str, **parameters: object) -> Any:  # noqa: ANN401 -- each command answers in its own way
        """Return what Chromium answers to a command.

        Raises:
            BrowserError: it refused.
        """
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._commands.write(json.dumps(message).encode() + b"\0")
        answer = next(each for each in self._messages() if each.get("id") == self._number)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def appear(self, width: int, height: int, scheme: str) -> None:
        """Show pages in a window of that size, in CSS pixels, to a reader who prefers ``light`` or ``dark``."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < height
        )
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, url: str) -> None:
        """Load a page with all that it shows.

        Raises:
            BrowserError: it cannot be loaded.
        """
        if error := self.call("Page.navigate", url=url).get("errorText"):
            raise BrowserError(f"{url}: {error}")
        next(each for each in self._messages() if each.get("method") == "Page.loadEventFired")

    def ask(self, script: str) -> Any:  # noqa: ANN401 -- as the script has it
        """Return the value of a JavaScript expression in the page, awaited if it is a promise.

        Raises:
            BrowserError: it throws.
        """
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            raise BrowserError(str(told["exceptionDetails"].get("exception", told["exceptionDetails"])))
        return told["result"].get("value")

    def _messages(self) -> Iterator[dict[str, Any]]:
        while True:
            while b"\0" not in self._unread:
                read = self._events.read(1 << 16)
                if not read:
                    raise BrowserError("Chromium has ended.")
                self._unread += read
            message, _zero, self._unread = self._unread.partition(b"\0")
            yield json.loads(message)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Start a Chromium with a profile of its own, and end it with all its processes."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            ["sh", "-c", COMMAND, "sh", profile],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        with process:
            try:
                yield Browser(process.stdin, process.stdout)
            finally:
                os.killpg(process.pid, signal.SIGKILL)
