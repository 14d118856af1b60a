# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guides on day two and on incidents tell operators to type does what they say.

Folder and commit are put in place of those of the guides; ``yes`` is answered to what the playbooks ask.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.tests.support.environment import clean

if TYPE_CHECKING:
    from ansible_collections.flant.gitops.tests.component.role.conftest import Containers, Upstream
    from ansible_collections.flant.gitops.tests.support.signers import Signers
    from ansible_collections.flant.gitops.tests.support.site import Site

COLLECTION = Path(__file__).resolve().parents[3]
GUIDES = ("guide_day_two", "guide_incidents")


def section(guide: str, title: str) -> str:
    text = (COLLECTION / f"docs/docsite/rst/{guide}.rst").read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(title)}\n-+\n(.*?)(?=^\S[^\n]*\n---|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def blocks(guide: str, title: str, language: str = "shell") -> list[str]:
    found = re.findall(rf"^\.\. code-block:: {language}\n\n((?:    .*\n|\n)+)", section(guide, title), re.MULTILINE)
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in found]


def type_in(site: Site, block: str, folder: Path) -> None:
    """Run a block of the guide as the operator of ``site`` would."""
    tool = site.folder / "bin/ansible-playbook"
    tool.parent.mkdir(exist_ok=True)
    answer = "-e flant_gitops_reset_confirmed=yes"
    real = subprocess.run(["which", "ansible-playbook"], capture_output=True, text=True, check=True).stdout.strip()
    tool.write_text(f'#!/bin/sh\nexec {real} -e @{site.folder}/variables.json {answer} "$@"\n', encoding="utf-8")
    tool.chmod(0o700)
    environment = {
        **clean(),
        "PATH": f"{tool.parent}:{clean()['PATH']}",
        "HOME": str(site.folder),
        "ANSIBLE_CONFIG": str(site.folder / "ansible.cfg"),
        "LC_ALL": "C.UTF-8",
    }
    text = block.replace("/var/lib/flant_gitops", str(site.variables["work_dir"]))
    ran = subprocess.run(["sh", "-exc", text], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("guide", GUIDES)
def test_every_playbook_that_is_named_is_there(guide: str) -> None:
    text = (COLLECTION / f"docs/docsite/rst/{guide}.rst").read_text(encoding="utf-8")
    named = set(re.findall(r"ansible-playbook flant\.gitops\.(\w+)", text)) | set(
        re.findall(r"``flant\.gitops\.(\w+)", text)
    )
    assert named
    assert {name for name in named if not (COLLECTION / f"playbooks/{name}.yml").exists()} == set()


def test_restored_instance_runs_nothing_twice(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    save, restore = blocks("guide_day_two", "Back up and restore")
    upstream.commit("one", "First", signers.alice)
    assert site.run().status == "processed"
    type_in(site, save, site.folder)
    deployed = upstream.commit("two", "Second", signers.alice)
    assert site.run().status == "processed"
    site.work.rename(site.folder / "lost")
    site.forget()
    assert "4f1c2d9a8e7b6c5d4f3e2a1b0c9d8e7f6a5b4c3d" in restore
    type_in(site, restore.replace("4f1c2d9a8e7b6c5d4f3e2a1b0c9d8e7f6a5b4c3d", deployed), site.folder)
    assert site.run().status == "unchanged"
    assert len(list((site.folder / "lost/log").iterdir())) == 2
    upstream.commit("three", "Third", signers.alice)
    assert site.run().status == "processed"
    assert containers.left(site) == []


def test_instance_that_moves_begins_with_what_is_deployed(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    site.variables["initial_last_successful_commit"] = upstream.commit("one", "First", signers.alice)
    assert site.run().status == "unchanged"
    assert containers.started(site) == 0
    assert site.run(playbook="flant.gitops.run_again").status == "processed"


def test_bad_commit_is_taken_back_by_a_new_one(site: Site, upstream: Upstream, signers: Signers) -> None:
    (revert,) = blocks("guide_day_two", "Take back a bad commit")
    site.begin_at(upstream.commit("good", "First", signers.alice))
    bad = upstream.commit("bad", "Second", signers.alice)
    assert site.run().status == "processed"
    clone = site.folder / "clone"
    upstream.git("clone", "--quiet", ".", str(clone))
    upstream.git("checkout", "--quiet", "--detach")
    by_git = revert.replace("4f1c2d9a8e7b6c5d4f3e2a1b0c9d8e7f6a5b4c3d", bad).replace("git approve sign\n", "")
    type_in(site, by_git, clone)
    upstream.git("checkout", "--quiet", "main")
    upstream.sign(upstream.git("rev-parse", "main"), signers.alice)  # git approve has tests of its own
    ran = site.run()
    assert (ran.status, "good" in ran.output) == ("processed", True), ran.output


def test_history_that_nobody_meant_to_rewrite_is_put_back(
    site: Site, upstream: Upstream, signers: Signers, containers: Containers
) -> None:
    (seen,) = blocks("guide_incidents", "History was rewritten", "text")
    put_back, _reset = blocks("guide_incidents", "History was rewritten")
    first = upstream.commit("one", "First", signers.alice)
    deployed = upstream.commit("two", "Second", signers.alice)
    site.begin_at(deployed)
    clone = site.folder / "clone"
    upstream.git("clone", "--quiet", ".", str(clone))
    upstream.git("reset", "--quiet", "--hard", first)
    head = upstream.commit("other", "Third", signers.alice)
    upstream.git("checkout", "--quiet", "--detach")
    refused = site.run()
    assert seen.strip().replace("9fceb02d...", head).replace("4f1c2d9a...", deployed) in refused.output
    type_in(site, put_back.replace("4f1c2d9a8e7b6c5d4f3e2a1b0c9d8e7f6a5b4c3d", deployed), clone)
    assert site.run().status == "unchanged"
    assert containers.started(site) == 0
