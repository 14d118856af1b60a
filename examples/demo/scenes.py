# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Four scenes: refused, run once, nothing to do, remembered."""

from __future__ import annotations

import signal
import sys

from machine import say, stop
from stage import stage


def scene(title: str) -> None:
    """Announce the next scene."""
    print(f"\n{title}", flush=True)


def expect(condition: bool, what: str) -> None:  # noqa: FBT001 -- it reads as a sentence where it is called
    """End the demo as failed unless ``condition`` holds."""
    if not condition:
        stop(f"expected {what}; see the output above.")
    say(f"As it should be: {what}.")


def main() -> None:
    """Play the scenes in order."""
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit(143))
    print("Setting the stage")
    with stage() as here:
        author, approver = here.signers
        scene(f"Scene 1: a commit that only {author.name}, its author, has signed is refused")
        commit = here.repository.commit("1.0", author)
        say(f"{author.name} has pushed commit {commit}, signed by git commit --gpg-sign; two signatures are required")
        refused = here.run()
        expect(refused.returncode != 0 and commit in refused.stdout, "the run fails and names the commit")
        expect("Deploying" not in refused.stdout, "no command has run")

        scene(f"Scene 2: the same commit runs once {approver.name} has approved it")
        here.repository.approve(commit, approver)
        say(f"{approver.name} has approved the commit by git approve, with an SSH key")
        processed = here.run()
        expect(processed.returncode == 0, "the run succeeds")
        expect(
            "Deploying version 1.0 with a password of 4 words." in processed.stdout,
            "the command has unwrapped its token inside the container and used the secret",
        )

        scene("Scene 3: the second run finds nothing new")
        again = here.run()
        expect(again.returncode == 0 and "changed=0" in again.stdout, "changed=0")
        expect("Deploying" not in again.stdout, "no command has run again")

        scene("Scene 4: what is remembered in Ansible's fact cache")
        remembered = here.show_facts()
        expect(f"last_successful_commit: {commit}" in remembered.stdout, "the commit is remembered as done")
    print("\nThe demo is over; all that it started is gone again.")


if __name__ == "__main__":
    main()
