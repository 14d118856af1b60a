# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What README tells a newcomer to write and to type before a first commit has run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

README = Path(__file__).absolute().parents[2] / "README.md"
TITLE = "A first playbook"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# ([\w.]+)(?::.*)?\n")
_WHOSE = re.compile(r" +# (Alice|Bob)\b.*$")


@dataclass(frozen=True)
class Line:
    """A line to type, and by whom; empty: by whoever sets up the host."""

    text: str
    who: str

    @property
    def commands(self) -> list[str]:
        """The commands that the line joins; a pipe is one."""
        return re.split(r" && | ; ", self.text)


def blocks(title: str = TITLE) -> list[tuple[str, str]]:
    """Return language and text of each block of code in a section."""
    section = README.read_text(encoding="utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]
    return _BLOCK.findall(section)


def files() -> dict[str, str]:
    """Return the files to write, by their names, which stand in their first lines."""
    named = {_FILE.match(text): text for language, text in blocks() if language != "shell"}
    return {match[1]: text for match, text in named.items() if match}


def lines() -> list[Line]:
    """Return what to type, in its order."""
    found = []
    for language, text in blocks():
        for line in text.splitlines() if language == "shell" else ():
            whose = _WHOSE.search(line)
            found.append(Line(_WHOSE.sub("", line), whose[1].lower() if whose else ""))
    return found
