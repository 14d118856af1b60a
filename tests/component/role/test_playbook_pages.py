# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example on each playbook's page, run as it stands there, prints what the page says that it prints.

Ids, digests, times and the folder are others. Not here: flant.gitops.schedule and flant.gitops.awx, whose examples are
those of their guides, and which print nothing of their own.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.tests.support.waiting import until

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers, Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Result, Site

PAGES = Path(__file__).resolve().parents[3] / "docs/docsite/rst"
OTHERS = (
    (r"\b[0-9a-f]{40}\b", r"[0-9a-f]{40}"),
    (r"\b[0-9a-f]{12}\b", r"[0-9a-f]{12}"),
    (r"\d{4}\\-\d\d\\-\d\dT\d\d:\d\d:\d\d(\\\.\d+)?Z", r"[-0-9T:.]+Z"),
    (r"SHA256:[\w/]+", r"SHA256:[A-Za-z0-9+/]+"),
    (r"/var/lib/flant_gitops", r"\\S+"),
    (r"\b\d+\\ entries", r"\\d+\\ entries"),
)


def blocks(playbook: str, title: str, language: str) -> list[str]:
    text = (PAGES / f"playbook_{playbook}.rst").read_text(encoding="utf-8")
    section = text.split(f"\n{title}\n---")[1].split("\n---")[0]
    found = re.findall(rf"^\.\. code-block:: {language}\n\n((?:    .*\n|\n)+)", section, re.MULTILINE)
    return [re.sub(r"^    ", "", each, flags=re.MULTILINE).strip() for each in found]


def example(site: Site, playbook: str, *more: str) -> Result:
    """Run the example of the page."""
    (command,) = blocks(playbook, "Example", "shell")
    _tool, name, *arguments = shlex.split(command)
    return site.run(*arguments, *more, playbook=name)


def missing(ran: Result, block: str) -> list[str]:
    """Return the lines of a page's block that were not printed."""
    lines = [line for line in block.splitlines() if line != "..."]
    return [line for line in lines if not re.search(pattern(line), ran.output)]


def pattern(line: str) -> str:
    """Return what stands for a line of the page, in which ids, digests, times and the folder may be others."""
    escaped = re.escape(line)
    for shown, other in OTHERS:
        escaped = re.sub(shown, other, escaped)
    return escaped


def test_examples_print_what_their_pages_say(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    def prints(playbook: str, block: int, *more: str) -> None:
        ran = example(site, playbook, *more)
        assert missing(ran, blocks(playbook, "What it prints", "text")[block]) == [], ran.output

    kept_entries, kept_output, nothing_kept = range(3)
    prints("log", nothing_kept)
    upstream.commit("one", "First", signers.alice)
    processed, unchanged = range(2)
    prints("run", processed)
    prints("run", unchanged)
    prints("log", kept_entries)
    prints("log", kept_output)
    (table,) = blocks("status", "What it prints", "text")
    assert re.search(r"\s+".join(table.splitlines()[0].split()), example(site, "status").output)
    prints("suspend", 0)
    lifted, was_not_suspended = range(2)
    prints("resume", lifted)
    prints("resume", was_not_suspended)
    prints("run_again", 0)
    (site.folder / "known_hosts").touch()
    _authentic, not_authentic = range(2)
    prints("verify", not_authentic, "-e", f"flant_gitops_verify_known_hosts={site.folder}/known_hosts")
    prints("reset", 0, "-e", "flant_gitops_reset_confirmed=yes")
    ended, was_not_running = range(2)
    prints("cancel", was_not_running)
    site.variables["commands"] = ["sleep 300"]
    run = site.start()
    until(lambda: containers.started(site) == 3, during=run)
    prints("cancel", ended)
    run.communicate(timeout=300)
    prints("remove", 0, "-e", "flant_gitops_remove_confirmed=yes")
