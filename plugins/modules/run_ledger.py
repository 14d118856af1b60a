#!/usr/bin/python
# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module ``flant.gitops.run_ledger``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: run_ledger
short_description: Keep on the target how an instance of the role flant_gitops stands, and a signed ledger of its runs
version_added: 1.0.0
author:
  - flant.gitops contributors (@flant)
description:
  - Keeps what a run has come to and what its commands have printed in the instance's directory, and shows it again.
  - Keeps a ledger of the runs, in which each entry is signed and holds the digest of the one before, so that nobody can
    change what was written without whoever verifies it noticing. Its form is in
    R(the guide to the ledger,ansible_collections.flant.gitops.docsite.guide_ledger).
  - Each directory on the way there must belong to root or to the user that the module runs as, and nobody else may
    be able to write to it; what is missing is made with mode 0700.
options:
  action:
    description:
      - V(begin) says that a run has begun, V(end) how it has ended, and V(show) returns what is known.
      - V(end) deletes O(archive) and keeps O(output); archives that killed runs have left go after a day.
      - V(suspend) puts the mark C(hold) into the instance's directory, in place of whatever stands there, and V(resume)
        takes it away. M(flant.gitops.git_signed_commit) polls nothing in between if it is given it as C(hold_file).
      - V(reset) says that O(commit), or none, counts as the one processed last, in place of O(previous_commit).
      - V(suspend), V(resume) and V(reset) add to the ledger what was done, if there is one, with the name and the key
        that its last entry has. Where that cannot be, it is a warning.
      - V(verify) reads the ledger in O(dir), or a copy of it, and returns in RV(verified) what it is worth. It succeeds
        whatever that is.
      - V(remove) deletes the instance's directory, and the ledger in it only with O(ledger).
    type: str
    choices: [begin, end, show, suspend, resume, reset, verify, remove]
    required: true
  dir:
    description:
      - The ledger's directory, which is C(ledger) in the instance's own; C(state.json) and C(log) are beside it.
    type: path
    required: true
  at:
    description:
      - When the run began, or since when the instance is suspended, in UTC as ISO 8601. Not needed to O(action=show),
        O(action=resume) and O(action=remove).
    type: str
    default: ""
  status:
    description:
      - What the run has come to, as the role says it. Needed to O(action=end).
    type: str
    default: ""
  step:
    description:
      - The step that was refused; empty if none was.
    type: str
    default: ""
  sentence:
    description:
      - The sentence that the run ended with.
    type: str
    default: ""
  commit:
    description:
      - The commit that the run was about; empty if it was about none.
    type: str
    default: ""
  previous_commit:
    description:
      - The commit that was remembered before O(action=reset); empty if there was none.
    type: str
    default: ""
  attempts:
    description:
      - How often the commit has failed that is not processed yet, for O(action=begin) and O(action=end).
    type: int
    default: 0
  secret_id_rotate_at:
    description:
      - When the secret-id is due to be rotated next; empty leaves what is known.
    type: str
    default: ""
  reason:
    description:
      - Why the instance is suspended, in one line. Needed to O(action=suspend).
    type: str
    default: ""
  by:
    description:
      - Who suspends it. Needed to O(action=suspend).
    type: str
    default: ""
  output:
    description:
      - What the commands have printed, and what the engine says of them. Without it no commands have ended.
    type: dict
    suboptions:
      commit:
        description: The commit that was run.
        type: str
        required: true
      rc:
        description: What the commands ended with.
        type: int
        required: true
      started_at:
        description: When they were started.
        type: str
        required: true
      finished_at:
        description: When they ended.
        type: str
        required: true
      stdout:
        description: What they printed.
        type: str
        required: true
      stderr:
        description: What they printed as errors.
        type: str
        required: true
      signers:
        description: The names of those whose signatures counted.
        type: list
        elements: str
        default: []
  archive:
    description:
      - A file in the instance's directory that is to be deleted.
    type: path
  keep_logs:
    description:
      - How many runs' outputs are kept, under C(log) in the instance's directory, with mode 0600.
    type: int
    default: 10
  keep_ledger:
    description:
      - How many years of the ledger are kept, counted by those in which there are entries. O(action=end) deletes the
        files of older ones, and adds an entry before that says where the ledger begins from then on.
      - With V(0), all are kept.
    type: int
    default: 0
  logs:
    description:
      - How many runs' outputs O(action=show) returns, the newest.
    type: int
    default: 0
  entries:
    description:
      - How many of the ledger's entries O(action=show) returns, the newest. They are shown as they stand there; whether
        they are true is for O(action=verify) to say.
    type: int
    default: 0
  entry:
    description:
      - What the ledger is to say of the run that begins or ends. Without it nothing is added to the ledger.
      - There is no free text in the ledger. What does not have the form of its field is named there by its SHA-256, and
        so are O(entry.trusted), O(entry.rules) and O(entry.commands).
    type: dict
    suboptions:
      host:
        description: What the operator calls the target.
        type: str
        required: true
      instance:
        description: The instance of the role.
        type: str
        required: true
      machine:
        description: What stands for the target's own id, as M(flant.gitops.git_signed_commit) returns it.
        type: str
        default: ""
      repo:
        description: The repository's URL, of which what is before an C(@) is left out. Needed to O(action=begin).
        type: str
        default: ""
      branch:
        description: Its branch. Needed to O(action=begin).
        type: str
        default: ""
      previous_commit:
        description: The commit that was processed before.
        type: str
        default: ""
      tree:
        description: The git id of the commit's tree, as M(flant.gitops.git_signed_commit) returns it.
        type: str
        default: ""
      required_signatures:
        description: How many signatures the commit had to have.
        type: int
        default: 0
      signatures:
        description: Those that counted, as M(flant.gitops.git_signed_commit) returns them.
        type: list
        elements: dict
        default: []
      trusted:
        description: Whose signatures count, in whichever form.
        type: list
        elements: raw
        default: []
      rules:
        description: Which paths need more signatures.
        type: list
        elements: raw
        default: []
      image:
        description: The pinned image, whose digest the ledger takes.
        type: str
        default: ""
      commands:
        description: What runs in it.
        type: list
        elements: str
        default: []
  key_file:
    description:
      - The private SSH key without a passphrase that signs the ledger, such as C(/etc/ssh/ssh_host_ed25519_key).
        Nobody else may be able to read it.
      - Without it, a key is made once, as C(key) in O(dir). Another key than before is announced by an entry that the
        old one signs.
      - Where ssh-keygen is not installed and this is not given, the entries are chained and nobody signs them, which is
        a warning. A ledger that is signed once is not continued so.
    type: path
  run:
    description:
      - The run that ends, as RV(run) named it when it began. Without it O(action=end) adds nothing to the ledger.
    type: str
    default: ""
  adopts:
    description:
      - Whether the run that begins takes up the container of the one before. That one goes on then, under its RV(run).
        Where its end is written down already, with what its commands came to, nothing is added; without that, as where
        the engine was away, another run begins.
      - With O(action=end) and no O(run), the run of O(commit) that has begun last ends, if it has no end yet. It was
        killed once the commit was recorded.
    type: bool
    default: false
  requests:
    description:
      - The wrapped requests that were made for the run, as M(flant.gitops.vault_wrapped_requests) returns them.
    type: list
    elements: dict
    default: []
  host:
    description: Whose ledger O(action=verify) expects, by the name that its entries have. Empty for anybody's.
    type: str
    default: ""
  known_hosts:
    description:
      - The public keys of hosts that O(action=verify) knows, former ones too, as lines of C(known_hosts) of OpenSSH. It
        must not come from the host itself, which could name any key.
      - Without it, a ledger can be consistent, and is never authentic.
    type: str
    default: ""
  heads:
    description:
      - Digests of lines that others have seen, such as Vault's audit log. O(action=verify) misses those that are gone.
    type: list
    elements: str
    default: []
  copies:
    description: Copies of the ledger in O(dir). O(action=verify) tells where they differ.
    type: list
    elements: path
    default: []
  counted_today:
    description:
      - The fingerprints of those whose signatures count today. O(action=verify) notes which commits others have signed.
    type: list
    elements: str
  list_commits:
    description:
      - Whether O(action=verify) returns which commits were let run, for M(flant.gitops.git_signed_commit) to look at
        their signatures once more.
    type: bool
    default: false
  ledger:
    description:
      - Whether O(action=remove) deletes the ledger, too.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode, in which it changes nothing.
    support: full
  diff_mode:
    description: Shows no differences.
    support: none
"""

EXAMPLES = r"""
- name: See how the instance stands, and what its last run has printed
  flant.gitops.run_ledger:
    action: show
    dir: /var/lib/flant_gitops/default/ledger
    logs: 1
  register: shown

- name: Let nothing be polled
  flant.gitops.run_ledger:
    action: suspend
    dir: /var/lib/flant_gitops/default/ledger
    at: "2026-11-24T07:50:35Z"
    reason: The database is being moved
    by: alice

- name: Verify a copy of a ledger on the controller
  flant.gitops.run_ledger:
    action: verify
    dir: /backup/web1/ledger
    host: web1
    known_hosts: "{{ lookup('ansible.builtin.file', '/etc/ssh/ssh_known_hosts') }}"
  delegate_to: localhost
  register: proof
  failed_when: proof.verified.verdict != 'authentic'

- name: Print the output
  ansible.builtin.debug:
    msg: "{{ shown.logs | map(attribute='text') | map('split', '\\n') | flatten }}"
"""

RETURN = r"""
state:
  description: How the instance stands; each value is empty until it is known.
  returned: success
  type: dict
  contains:
    status:
      description: What the last run that was not quiet has come to.
      type: str
      sample: processed
    step:
      description: The step that was refused; empty if none was.
      type: str
      sample: ""
    reason:
      description: The sentence that it ended with, on one line, at most 500 characters.
      type: str
      sample: commit 1f7a7a472abf3dd9643fd615f6da379c4acb3e3a ran with rc 0, signed by alice
    since:
      description: When the status became this one.
      type: str
      sample: "2026-11-24T07:50:35.000000Z"
    at:
      description: When the run began that has said so last.
      type: str
      sample: "2026-11-24T08:50:35.000000Z"
    commit:
      description: The commit that it was about.
      type: str
      sample: 1f7a7a472abf3dd9643fd615f6da379c4acb3e3a
    failing_since:
      description: When the runs began to fail.
      type: str
      sample: ""
    waiting_since:
      description: When the instance began to wait.
      type: str
      sample: ""
    secret_id_rotate_at:
      description: When the secret-id is due to be rotated next.
      type: str
      sample: "2026-11-25T07:50:35Z"
    attempts:
      description: How often the commit has failed that is not processed yet.
      type: int
      sample: 0
    last_run:
      description: The commands that ended last, with C(commit), C(rc), C(started_at), C(finished_at) and C(signers).
      type: dict
run:
  description:
    - The id of the run that has begun, for O(run) of its end. Empty if the ledger was not told of it.
  returned: success
  type: str
  sample: 5b1f0a6c9a7e4d0d8f2b3c4d5e6f7a8b
head:
  description: The SHA-256 of the ledger's last line. Empty if nothing was added.
  returned: success
  type: str
  sample: 0f343b0931126a20f133d67c2b018a3b5c4a0b1de5a1b2c3d4e5f60718293a4b
entries:
  description: The entries that were asked for, the newest last.
  returned: success
  type: list
  elements: dict
  contains:
    text:
      description: All that there is to say of it on one line.
      type: str
      sample: 15 2026-11-24T08:50:35Z finished commit 1f7a7a472abf3dd9643fd615f6da379c4acb3e3a rc 0
    number:
      description: Which entry it is, from 0.
      type: int
      sample: 15
    head:
      description: The SHA-256 of its line.
      type: str
    key:
      description: The fingerprint of the key that it says has signed it; empty if nobody has.
      type: str
    at:
      description: When it was written.
      type: str
      sample: "2026-11-24T08:50:35Z"
    event:
      description: What has happened.
      type: str
      sample: finished
    run:
      description: The id of the run that it is about; empty if it is about none.
      type: str
    commit:
      description: The commit that it is about; empty if it is about none.
      type: str
    rc:
      description: What the commands ended with; null if it does not say.
      type: int
verified:
  description: What O(action=verify) has found; empty with other actions.
  returned: success
  type: dict
  contains:
    verdict:
      description:
        - V(authentic), V(consistent, not authentic) where O(known_hosts) was not given or nobody has signed, or
          V(broken).
      type: str
      sample: authentic
    entries:
      description: How many entries there are in all copies.
      type: int
      sample: 120
    heads:
      description: The SHA-256 of the last line of each copy.
      type: list
      elements: str
    signing_keys:
      description: The fingerprints of the keys that have signed, in their order; empty if nobody has.
      type: list
      elements: str
    problems:
      description: Why it is broken, at most 100 sentences that begin with the line.
      type: list
      elements: str
      sample: ["/backup/web1/2026.jsonl line 14: it does not follow the line before it."]
    notes:
      description: What is worth knowing, at most 100 sentences.
      type: list
      elements: str
    commits:
      description:
        - What is said of each commit that was let run, with the C(line) that says so first, the C(commit), its
          C(tree), how many signers were C(required), and the C(signatures), each with C(signer) and C(fingerprint).
          Only with O(list_commits).
      type: list
      elements: dict
logs:
  description: The outputs that were asked for, the newest last.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the file.
      type: str
      sample: 2026-11-24T07:50:35.000000Z-1f7a7a472abf.log
    text:
      description: What is in it.
      type: str
"""

from ansible_collections.flant.gitops.plugins.module_utils._packed import compile_once

compile_once()

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible
from ansible_collections.flant.gitops.plugins.module_utils._ledger.request import Request

_OUTPUT = {
    "commit": {"type": "str", "required": True},
    "rc": {"type": "int", "required": True},
    "started_at": {"type": "str", "required": True},
    "finished_at": {"type": "str", "required": True},
    "stdout": {"type": "str", "required": True},
    "stderr": {"type": "str", "required": True},
    "signers": {"type": "list", "elements": "str", "default": []},
}
_ENTRY = {
    "host": {"type": "str", "required": True},
    "instance": {"type": "str", "required": True},
    "machine": {"type": "str", "default": ""},
    "repo": {"type": "str", "default": ""},
    "branch": {"type": "str", "default": ""},
    "previous_commit": {"type": "str", "default": ""},
    "tree": {"type": "str", "default": ""},
    "required_signatures": {"type": "int", "default": 0},
    "signatures": {"type": "list", "elements": "dict", "default": []},
    "trusted": {"type": "list", "elements": "raw", "default": []},
    "rules": {"type": "list", "elements": "raw", "default": []},
    "image": {"type": "str", "default": ""},
    "commands": {"type": "list", "elements": "str", "default": []},
}
ARGUMENT_SPEC = {
    "action": {
        "type": "str",
        "choices": ["begin", "end", "show", "suspend", "resume", "reset", "verify", "remove"],
        "required": True,
    },
    "dir": {"type": "path", "required": True},
    "at": {"type": "str", "default": ""},
    "status": {"type": "str", "default": ""},
    "step": {"type": "str", "default": ""},
    "sentence": {"type": "str", "default": ""},
    "commit": {"type": "str", "default": ""},
    "previous_commit": {"type": "str", "default": ""},
    "attempts": {"type": "int", "default": 0},
    "secret_id_rotate_at": {"type": "str", "default": "", "no_log": False},
    "reason": {"type": "str", "default": ""},
    "by": {"type": "str", "default": ""},
    "output": {"type": "dict", "options": _OUTPUT},
    "archive": {"type": "path"},
    "keep_logs": {"type": "int", "default": 10},
    "keep_ledger": {"type": "int", "default": 0},
    "logs": {"type": "int", "default": 0},
    "entries": {"type": "int", "default": 0},
    "entry": {"type": "dict", "options": _ENTRY},
    "key_file": {"type": "path", "no_log": False},
    "run": {"type": "str", "default": ""},
    "adopts": {"type": "bool", "default": False},
    "ledger": {"type": "bool", "default": False},
    "requests": {"type": "list", "elements": "dict", "default": []},
    "host": {"type": "str", "default": ""},
    "known_hosts": {"type": "str", "default": ""},
    "heads": {"type": "list", "elements": "str", "default": []},
    "copies": {"type": "list", "elements": "path", "default": []},
    "counted_today": {"type": "list", "elements": "str"},
    "list_commits": {"type": "bool", "default": False},
}


def main() -> None:
    """Run the module."""
    from ansible_collections.flant.gitops.plugins.module_utils._ledger.run import run

    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        with interruptible():
            outcome = run(Request.from_params(module.params, check_mode=module.check_mode))
    except Failure as failure:
        module.fail_json(msg=str(failure), **failure.result)
    for warning in outcome.warnings:
        module.warn(warning)
    module.exit_json(**outcome.result())


if __name__ == "__main__":
    main()
