# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sessions have come to: files in JUnit's format, one directory a session, whoever wrote them."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator

OUTPUT = Path(__file__).resolve().parent / "output"


def directory(session: str) -> Path:
    """Return where a session's results lie."""
    return OUTPUT / "results" / session


def clear(session: str) -> None:
    """Forget what the session came to before."""
    shutil.rmtree(directory(session), ignore_errors=True)
    directory(session).mkdir(parents=True)


def count(session: str, *, success: bool) -> tuple[int, int]:
    """Return how many checks passed and failed; a session that tells of none is one check."""
    passed = failed = 0
    for file in directory(session).glob("*.xml"):
        for case in ET.parse(file).iter("testcase"):  # noqa: S314 -- our own tools have written it
            outcome = {child.tag for child in case}
            failed += bool(outcome & {"failure", "error"})
            passed += not outcome & {"failure", "error", "skipped"}  # ansible-test skips what does not apply
    if success:
        return passed or 1, failed
    return passed, failed or 1


class Checks:
    """The results of a session that runs one command for each of its checks."""

    def __init__(self, session: str) -> None:
        """Take the session's name."""
        self.failed: list[str] = []
        self._session = session
        self._suite = ET.Element("testsuite", name=session)

    @contextlib.contextmanager
    def one(self, name: str, *errors: type[Exception]) -> Iterator[None]:
        """Count the block as a check, which has failed if it raised one of ``errors``; then the next one may run."""
        case = ET.SubElement(self._suite, "testcase", classname=self._session, name=name)
        try:
            yield
        except errors as error:
            ET.SubElement(case, "failure", message=str(error))
            self.failed.append(name)

    def write(self) -> None:
        """Write the results to the session's directory."""
        directory(self._session).mkdir(parents=True, exist_ok=True)
        ET.ElementTree(self._suite).write(directory(self._session) / "checks.xml")
