# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""keyboxd, the daemon that GnuPG 2.4 keeps keys in where /etc/gnupg/common.conf says ``use-keyboxd``.

No option turns that off. gpg is not to start daemons on its own, as it would start others too; so this one alone is
started, in the private home, where gpg asks for it, and is ended with it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SECONDS = 60.0


class Keyboxd:
    """The daemon of one GNUPGHOME."""

    def __init__(self, home: Path) -> None:
        """Start nothing yet."""
        self._home = home
        self._launched = False

    def launch(self) -> bool:
        """Start it, and return whether it runs."""
        self._launched = True
        return self._gpgconf("--launch", "keyboxd")

    def end(self) -> None:
        """End it if it was started; once more does no harm."""
        if self._launched:
            self._gpgconf("--kill", "all")
            self._gpgconf("--remove-socketdir")

    def _gpgconf(self, *arguments: str) -> bool:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self._home), "LC_ALL": "C"}
        try:
            ended = subprocess.run(  # there is no AnsibleModule down here; pylint: disable=ansible-bad-function
                ["gpgconf", "--homedir", str(self._home), *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return ended.returncode == 0


@contextlib.contextmanager
def available(home: Path) -> Iterator[Keyboxd]:
    """Yield what can start keyboxd on ``home``; it does not run any longer afterwards."""
    keyboxd = Keyboxd(home)
    try:
        yield keyboxd
    finally:
        try:
            keyboxd.end()
        finally:
            keyboxd.end()  # the one signal that unwinds us may have come during the first attempt
