#!/usr/bin/python
# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry point of the module; what it does is in module_utils/_signed_commit."""

from __future__ import annotations

DOCUMENTATION = r"""
module: git_signed_commit
short_description: Find the next commit of a branch to act on, and prove that it may be acted on
version_added: 1.0.0
author:
  - flant.gitops contributors (@flant)
description:
  - Asks a git repository whether a branch has moved, verifies the OpenPGP and SSH signatures of the new commit, and
    writes its tree to a tar file.
  - A commit is acted on only if it descends from the one processed last and carries the signatures of enough distinct
    trusted signers. A forced push or a rollback never passes.
  - Counted are the commit's own signature and those that C(git-signatures) (in the form that werf and trdl use) has
    published as notes; an SSH signature in a note is one in the namespace C(git-signatures). One signer counts once,
    however many keys, subkeys or signatures that signer has.
  - The folder O(git_dir) remembers which commit was processed last. It only moves forward, even if the caller has
    forgotten; O(action=record) moves it, O(action=reset) sets it on purpose.
  - It also remembers how often a commit was tried in vain since then, as O(action=count) says, so that O(attempts) can
    put off the next attempt or give the commit up.
  - An unchanged branch costs one connection to the server and a few kilobytes.
extends_documentation_fragment:
  - flant.gitops.attributes
attributes:
  check_mode:
    support: full
    details:
      - Polls and verifies, and keeps what it fetched in O(git_dir), but writes no archive and remembers no commit.
  diff_mode:
    support: none
requirements:
  - git 2.39.4 or newer
  - GitPython (Python library) 3.1.30 or newer
  - python-gnupg (Python library) 0.4.8 or newer and GnuPG 2.2.20 or newer, where OpenPGP keys are trusted
  - ssh-keygen of OpenSSH 8.1 or newer, where SSH keys are trusted
notes:
  - Neither the environment of the process nor any configuration of git, ssh or GnuPG on the target plays a part; that
    includes proxies other than O(proxy), credential helpers, F(.netrc) files, ssh agents and ssh configuration.
  - Only root and the user of this task can have a say in where O(git_dir), O(archive) and the files of keys and
    certificates are. A directory on the way to them that belongs to anybody else, or that others can write to, is
    refused, unless it is sticky like F(/tmp) and is not O(git_dir) itself. Symbolic links are followed if they belong
    to one of the two. Directories on the way to O(git_dir) that are missing are made with mode 0700.
  - A commit whose signature header stands elsewhere than git puts it, which is below the committer, is refused. git
    itself is fooled by it, and reads other parents than those that were signed.
  - What is refused does not stay in O(git_dir), and neither do signatures that nobody needs yet. A poll brings at
    most 256 MiB before it has verified what came; if more is meant to come, O(action=reset) lets the next poll take
    all there is, as the first one does.
  - A refusal is remembered, and so is O(on_insufficient_signatures=wait). It is answered from memory for a day, as
    long as the branch, the signatures, the keys and the rules stay what they were, unless expiry or the machine's
    clock had a say in it.
  - A tree of more than a million entries or 16 GiB is refused, its submodules included.
  - A tree with a name that leads elsewhere than it seems to, such as C(..), C(.git) or one that is there twice, is
    refused. From a server that cannot leave files out, and for submodules, git's own consistency check (C(fsck))
    refuses other damage too; only ill-formed names and dates of authors and committers are let through, because real
    histories have them.
  - A signature binds a commit, not a branch or a repository. A commit signed for one repository may be pushed to
    another that trusts the same keys.
options:
  action:
    description:
      - V(poll) asks the repository.
      - V(record) remembers that O(last_commit) was processed. It never moves backwards, and talks to no server.
      - V(count) remembers that O(last_commit) was tried and failed, once for each O(attempts.run). It moves nothing,
        and talks to no server.
      - V(reset) remembers O(last_commit) whatever was remembered before, and forgets everything if that is V(none). It
        is for operators, for example after the history was rewritten on purpose.
      - V(show) returns what O(git_dir) remembers. It talks to no server, waits for nobody and changes nothing, not even
        where there is no O(git_dir) yet.
      - V(verify) looks again at the signatures of O(commits), which may have been acted on long ago, and chooses none.
        It is for whoever audits; O(git_dir) must be empty or not there, and is of no use afterwards.
    type: str
    choices: [poll, record, count, reset, show, verify]
    default: poll
  repo:
    description:
      - The repository as an C(https), C(ssh), C(git), C(http) or C(file) URL, as V(user@host:path) for ssh, or as an
        absolute path. Required for O(action=poll) and O(action=verify).
      - It must not hold a user name or a password, except the user name of an ssh URL.
      - Plain C(http) and C(git) URLs of other machines are refused with O(required_signatures=0), as anybody on the way
        could run anything.
      - HTTP redirects are not followed.
    type: str
  branch:
    description:
      - The name of the branch. Exactly C(refs/heads/) and this name is read, never a ref that merely ends so.
    type: str
    default: main
  git_dir:
    description:
      - A folder that is kept between runs. It is created if it is missing, and holds a bare git repository and the
        memory of what was processed.
      - It is refused if it belongs to another user, if others can write to it, or if it holds something else.
      - It is locked during the whole call.
      - Beside it lies a file of its name and C(.id), which holds RV(git_dir_id), and one of its name and C(.rerun) once
        O(rerun) has given a commit once more.
    type: path
    required: true
  last_commit:
    description:
      - The full id of the commit processed last; empty if there is none yet.
      - O(action=reset) takes V(none) too, and refuses an empty text, which a misspelt variable may be.
      - Where O(git_dir) remembers nothing, it is what to go on from. Where O(git_dir) remembers a commit, that one
        rules. One that is older, or none, yields to it with a warning. One that is newer or not known is refused by
        O(action=poll), because either the commits between the two or none of them were processed, and only an operator
        knows which. Then use O(action=reset) with the one that was.
    type: str
    default: ""
  required_signatures:
    description:
      - How many distinct trusted signers must have signed a commit.
      - V(0) together with O(trusted_signers) or O(trusted_keys) is refused, as the number may have been forgotten.
    type: int
    default: 0
  trusted_signers:
    description:
      - The people whose signatures count. A person counts once, whichever of the keys signed.
      - A key may stand under one signer only, here and in O(trusted_keys). What is compared is the numbers of every
        primary key and subkey, so that another certificate made of the same key is no second vote.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - What the signer is called in RV(signers) and in messages, in up to 63 letters, digits, spaces and C(._@+-).
          - Names are told apart without regard to upper and lower case, and must not look like a fingerprint.
        type: str
        required: true
      public_keys:
        description:
          - The signer's public keys, each an ASCII-armored OpenPGP certificate or a line with an SSH key.
          - SSH keys may be of the types C(ssh-ed25519), C(ecdsa-sha2-nistp256), C(ecdsa-sha2-nistp384),
            C(ecdsa-sha2-nistp521) and C(ssh-rsa) (2048 to 8192 bits), or C(sk-ssh-ed25519@openssh.com) and
            C(sk-ecdsa-sha2-nistp256@openssh.com), whose signatures count only if the security key was touched. Options
            before the type, certificates and certificate authorities are refused.
          - An SSH signature holds no time. Taking the key out of the list revokes it at the next poll, for old commits
            too.
          - A certificate that is expired or revoked does not count, and a warning says so. A text without a public key,
            with a private one, or with several certificates is an error; two copies of a certificate are one.
          - A revocation that was made by a designated revoker only counts where the revoker's key is given, too.
        type: list
        elements: str
        required: true
  rules:
    description:
      - Whose signatures the commit to act on needs besides O(required_signatures), for what it changes. Each rule that
        guards a changed path must have its signers. Rules only add, and their order does not matter.
      - Changed is every path at which the commit's tree differs from that of the commit that was recorded last, or from
        one that was given since and not recorded, as its run may have failed halfway. What lies between, which side a
        merge took, and O(last_commit) do not matter. A file that was moved has changed at both paths.
      - A link or a submodule that changes counts as everything that could be below it.
      - Where it is not known what was recorded and given before, as at a first run, every path counts as changed. So it
        does if a tree that it is compared with cannot be had, or is too large.
      - A rule guards names and not effects, because what is elsewhere may do the same to what the guarded files
        describe. To be sure, guard V(**).
    type: list
    elements: dict
    default: []
    suboptions:
      paths:
        description:
          - Patterns as git's C(:(glob\)). V(*) and V(?) stop at a slash, and V(**) between slashes is any number of
            folders. Upper and lower case differ.
          - A path without any of C(*?[\\) is also everything below it, and V(prod/**) is also V(prod) itself.
          - Exceptions, classes such as C([:alpha:]) and whatever could match no path are refused.
        type: list
        elements: str
        required: true
      required:
        description:
          - How many of O(rules[].signers) must have signed the commit, at least 1.
        type: int
        required: true
      signers:
        description:
          - Their names as in O(trusted_signers), or the fingerprints of O(trusted_keys) in upper case.
        type: list
        elements: str
        required: true
  ssh_user_verification:
    description:
      - Whether the signature of a security key counts only if the key has asked for its PIN or a fingerprint, and not
        for a touch alone.
    type: bool
    default: false
  trusted_keys:
    description:
      - OpenPGP public keys of signers who need no name, each text one certificate as in
        O(trusted_signers[].public_keys) and each a signer of its own, who goes by the fingerprint.
    type: list
    elements: str
    default: []
  signatures_ref:
    description:
      - The ref under which C(git-signatures) publishes its notes. It may be missing. It is not asked for with
        O(required_signatures=0).
    type: str
    default: refs/tags/latest-signature
  verify:
    description:
      - V(tip) verifies the commit to act on.
      - V(every) also verifies every commit since O(last_commit), those of merged branches included.
    type: str
    choices: [tip, every]
    default: tip
  select:
    description:
      - V(head) acts on the head of the branch.
      - V(oldest) acts on the oldest new commit that is sufficiently signed. Only commits that the branch pointed to are
        considered (first parents), not those merged into it.
    type: str
    choices: [head, oldest]
    default: head
  on_insufficient_signatures:
    description:
      - V(fail) is an error.
      - V(wait) is none. RV(status) is V(awaiting_signatures), and the next call looks again.
    type: str
    choices: [fail, wait]
    default: fail
  max_commits:
    description:
      - With O(verify=every) or O(select=oldest), how many commits may lead from O(last_commit) (without one, from the
        root) to the head.
      - It also limits RV(commits).
      - So many commits are also looked at where the head does not descend from O(last_commit). One among them that
        has the same content, and differs in its signature headers alone, counts as O(last_commit).
    type: int
    default: 1000
  commits:
    description:
      - The full ids of the commits that O(action=verify) looks at.
    type: list
    elements: str
    default: []
  submodules:
    description:
      - Whether the trees of submodules, at every depth and as pinned by the commit, are put into the archive.
      - A submodule may come from a local path only if O(repo) is one.
    type: bool
    default: false
  archive:
    description:
      - Where to write the tree of the commit as a tar file of mode 0600. It takes its place as a whole or not at all.
        Whoever reads it later checks it against RV(archive_sha256).
      - The files are byte for byte those of the commit; C(.gitattributes) do not act.
      - Without it no tree is fetched.
    type: path
  rerun:
    description:
      - Where there is nothing new, whether to give the commit processed last once more, verified as a new one is.
      - Each rerun has an RV(identity) of its own. It ends with the next O(action=record) or O(action=reset). Until
        then it is RV(open), and is given again under the same identity, so that one that was cut off is not lost.
      - It goes by O(last_commit) as O(git_dir) remembers it, and not by the head, should that be the same commit with
        other signature headers.
    type: bool
    default: false
  rerun_after:
    description:
      - How long after anything was recorded or reset O(rerun) is V(true), as in O(timeout). Empty or V(0s) for never.
      - It goes by the clock of the target. If that was set back behind the last O(action=record), the rerun is due.
    type: str
    default: ""
  spread:
    description:
      - Within how long after RV(first_chosen) all hosts are given a new commit, as in O(timeout), each at its turn.
        Its turn comes after a share of that time, which is always the same for a host and O(git_dir).
      - Until then it has the RV(status) V(new) and does not make the task RV(changed). Its tree is not written.
      - A rerun waits for no turn.
    type: str
    default: 0s
  attempts:
    description:
      - How a commit is given again whose attempts fail. Without it, each O(action=poll) gives it again.
      - Attempts are those that O(action=count) has counted since anything was recorded or reset. They belong to the
        content of the commit, so that one that differs in its signature headers alone has no others.
      - A commit that must not be tried now has the RV(status) V(new) and does not make the task RV(changed). Its tree
        is not written.
      - With O(select=oldest) a commit that is given up lets the next one be chosen, if there is one behind it. If the
        head is another one than when it was given first, its attempts first begin anew once.
    type: dict
    suboptions:
      of:
        description:
          - What else decides how an attempt ends, such as a digest of the commands. Attempts of anything else do not
            count.
        type: str
        default: ""
      run:
        description:
          - For O(action=count), what tells this attempt from all others, such as the id of a container. One that is
            named again is not counted again.
        type: str
        default: ""
      retry_delay:
        description:
          - How long after the first attempt the second one is due, as in O(timeout). Each further delay is twice the
            one before.
        type: str
        default: 0s
      retry_max_delay:
        description:
          - The longest delay.
        type: str
        default: 1h
      max_attempts:
        description:
          - After how many attempts the commit is given up; V(0) for never.
        type: int
        default: 0
      anew:
        description:
          - Whether O(action=poll) forgets all attempts, and so gives even a commit that was given up.
        type: bool
        default: false
  hold_file:
    description:
      - As long as anything of this name stands on the target, nothing is polled, and RV(status) is V(held). It may be a
        file, a link or whatever else; a link is not followed.
      - The first line of a regular file is why, see RV(hold). O(action=show) tells it, too. The other actions do not
        look.
    type: path
  username:
    description:
      - The user name for HTTP basic authentication. Goes with O(password) or O(password_file).
    type: str
  password:
    description:
      - The password or token for HTTP basic authentication, over https only.
      - It is shown to the server of O(repo) only, with each request, and appears on no command line and in no file.
    type: str
  password_file:
    description:
      - A file on the target that holds the password or token in place of O(password), read anew by each poll. It is for
        tokens that somebody else renews.
      - It must be a regular file of the user of this task, with no rights for others, and hold one line of printable
        ASCII of at most 4 KiB and nothing else. A symbolic link is refused.
    type: path
  ssh_key_file:
    description:
      - The private key for ssh, on the target. Required for an ssh O(repo).
    type: path
  ssh_known_hosts_file:
    description:
      - The known host keys for ssh, on the target. Required for an ssh O(repo). An unknown host key is an error.
    type: path
  ca_cert_file:
    description:
      - The certificates, in PEM format and on the target, that alone are trusted for https; by default the system's.
    type: path
  proxy:
    description:
      - The HTTP proxy that C(https) and C(http) servers are reached through, those of submodules included, as
        V(http://proxy.example.org:3128). For C(https) it is asked for a tunnel (C(CONNECT)), and learns no more than
        host and port of the server.
      - The machine itself (V(localhost), V(127.0.0.1), V([::1])) is never reached through it.
      - For C(ssh) and C(git) there is none. With O(proxy), an O(repo) or a submodule that comes by one of them is
        refused, as it would pass by the proxy.
    type: str
  proxy_username:
    description:
      - The user name for HTTP basic authentication at O(proxy). Goes with O(proxy_password).
    type: str
  proxy_password:
    description:
      - The password for O(proxy), which crosses the network to it unencrypted, as HTTP basic authentication does.
      - It is shown to the proxy only, and appears on no command line and in no file.
    type: str
  timeout:
    description:
      - How long each network operation may take, as a number and a unit (V(ms), V(s), V(m), V(h), V(d)). Then git and
        everything it started is killed, and the task fails.
    type: str
    default: 5m
seealso:
  - module: ansible.builtin.git
  - module: flant.gitops.container_command
  - name: git-signatures
    description: The tool that adds signatures to a commit after it was made.
    link: https://github.com/werf/3p-git-signatures
"""

EXAMPLES = r"""
- name: Find the next commit that two of the maintainers have signed
  flant.gitops.git_signed_commit:
    repo: https://git.example.org/infrastructure.git
    branch: main
    git_dir: /var/lib/infrastructure/git
    required_signatures: 2
    trusted_signers:
      - name: alice
        public_keys: "{{ query('ansible.builtin.file', 'keys/alice.asc', 'keys/alice-laptop.asc') }}"
      - name: bob
        public_keys:
          - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB0oJ3LJIGaBSVgJgHqlqVTAiZHcVmLx0cYhnFkVn0qd bob
      - name: carol
        public_keys: "{{ query('ansible.builtin.file', 'keys/carol.asc') }}"
    archive: /var/lib/infrastructure/tree.tar
  register: found

- name: Remember that the commit was processed
  flant.gitops.git_signed_commit:
    action: record
    git_dir: /var/lib/infrastructure/git
    last_commit: "{{ found.commit }}"
  when: found is changed

- name: Act on each signed commit in its turn, and wait where signatures are still to come
  flant.gitops.git_signed_commit:
    repo: git@git.example.org:infrastructure.git
    ssh_key_file: /etc/infrastructure/deploy_key
    ssh_known_hosts_file: /etc/infrastructure/known_hosts
    git_dir: /var/lib/infrastructure/git
    required_signatures: 1
    trusted_keys: "{{ query('ansible.builtin.file', 'keys/alice.asc') }}"
    select: oldest
    on_insufficient_signatures: wait

- name: Let one of the maintainers do for anything but the production, which two who answer for it have to sign
  flant.gitops.git_signed_commit:
    repo: git@git.example.org:infrastructure.git
    ssh_key_file: /etc/infrastructure/deploy_key
    ssh_known_hosts_file: /etc/infrastructure/known_hosts
    git_dir: /var/lib/infrastructure/git
    required_signatures: 1
    trusted_signers:
      - name: alice
        public_keys: "{{ query('ansible.builtin.file', 'keys/alice.asc', 'keys/alice-laptop.asc') }}"
      - name: carol
        public_keys: "{{ query('ansible.builtin.file', 'keys/carol.asc') }}"
    rules:
      - paths: [prod/**, modules/**]
        required: 2
        signers: [alice, carol]

- name: Demand a signature on every commit, from a server with a password and a certificate of its own, behind a proxy
  flant.gitops.git_signed_commit:
    repo: https://git.example.org/infrastructure.git
    username: deploy
    password: "{{ git_password }}"
    ca_cert_file: /etc/ssl/certs/example.pem
    proxy: http://proxy.example.org:3128
    git_dir: /var/lib/infrastructure/git
    required_signatures: 1
    trusted_keys: "{{ query('ansible.builtin.file', 'keys/alice.asc') }}"
    verify: every

- name: Act once more on the commit processed last, if nothing is new
  flant.gitops.git_signed_commit:
    repo: git@git.example.org:infrastructure.git
    ssh_key_file: /etc/infrastructure/deploy_key
    ssh_known_hosts_file: /etc/infrastructure/known_hosts
    git_dir: /var/lib/infrastructure/git
    required_signatures: 1
    trusted_keys: "{{ query('ansible.builtin.file', 'keys/alice.asc') }}"
    rerun: true

- name: Wait longer each time for a commit that fails, and leave it after the fifth attempt
  flant.gitops.git_signed_commit:
    repo: git@git.example.org:infrastructure.git
    ssh_key_file: /etc/infrastructure/deploy_key
    ssh_known_hosts_file: /etc/infrastructure/known_hosts
    git_dir: /var/lib/infrastructure/git
    required_signatures: 1
    trusted_keys: "{{ query('ansible.builtin.file', 'keys/alice.asc') }}"
    attempts:
      retry_delay: 5m
      max_attempts: 5

- name: Remember that an attempt has failed
  flant.gitops.git_signed_commit:
    action: count
    git_dir: /var/lib/infrastructure/git
    last_commit: 1f7a7a472abf3dd9643fd615f6da379c4acb3e3a
    attempts:
      run: 5d9c61b4c1f0

- name: Go on from another commit after the history was rewritten on purpose
  flant.gitops.git_signed_commit:
    action: reset
    git_dir: /var/lib/infrastructure/git
    last_commit: 1f7a7a472abf3dd9643fd615f6da379c4acb3e3a

- name: Forget what was processed, so that the head of the branch counts as new
  flant.gitops.git_signed_commit:
    action: reset
    git_dir: /var/lib/infrastructure/git
    last_commit: none

- name: See who has signed a commit that has run long ago
  flant.gitops.git_signed_commit:
    action: verify
    repo: git@git.example.org:infrastructure.git
    ssh_key_file: /etc/infrastructure/deploy_key
    ssh_known_hosts_file: /etc/infrastructure/known_hosts
    git_dir: /var/lib/infrastructure/audit
    trusted_keys: "{{ query('ansible.builtin.file', 'keys/alice.asc') }}"
    commits:
      - 1f7a7a472abf3dd9643fd615f6da379c4acb3e3a
  register: reviewed

- name: Ask what was processed last and when the server was asked last, without asking it
  flant.gitops.git_signed_commit:
    action: show
    git_dir: /var/lib/infrastructure/git
  register: remembered
"""

RETURN = r"""
changed:
  description:
    - With O(action=poll), whether there is a commit to act on now; otherwise whether what is remembered has changed,
      which it never does with O(action=show).
  returned: success
  type: bool
  sample: true
status:
  description:
    - V(unchanged), V(new) or V(awaiting_signatures) with O(action=poll); V(verified) with O(action=verify); V(counted)
      with O(action=count); V(recorded) with the other actions.
    - V(held) with O(action=poll) and O(action=show) as long as something stands at O(hold_file).
  returned: success
  type: str
  sample: new
commit:
  description:
    - The commit to act on if RV(status) is V(new), and the remembered one if it is V(recorded). Otherwise there is
      nothing to do, and it is RV(previous_commit).
  returned: success
  type: str
  sample: 1f7a7a472abf3dd9643fd615f6da379c4acb3e3a
previous_commit:
  description:
    - The commit processed last, as far as O(last_commit) and O(git_dir) know; empty if there is none.
  returned: success, or when a commit has too few signatures
  type: str
  sample: 553c2077f0edc3d5dc5d17262f6aa498e69d6f8e
superseded:
  description:
    - A path in O(git_dir) that does not exist, and will as soon as anything is recorded or reset after this call.
  returned: success
  type: str
  sample: /var/lib/infrastructure/git/superseded/7
machine:
  description:
    - What stands for the target, where several machines meet; made of its C(/etc/machine-id), which it does not show.
  returned: success
  type: str
  sample: 0c1f7c5b3a9d4e8f6b2a1d0c9e8f7a6b
git_dir:
  description:
    - The path of O(git_dir) without symbolic links, which is the same whichever way it was named.
  returned: success
  type: str
  sample: /var/lib/infrastructure/git
git_dir_id:
  description:
    - A random id of O(git_dir), for what may go on only once for it. It lies beside O(git_dir) and so outlives it, and
      goes by the machine and the path; on another one there is a new id, and a warning.
    - Empty if O(git_dir) has none yet, which only a poll changes.
  returned: success
  type: str
  sample: 7b0f7cbd20c84de1a9f6a0f0b6f2f8c1
git_dir_taken_over:
  description:
    - Whether O(git_dir) was made by a version that gave it no RV(git_dir_id), and what that version has started may
      still be there.
    - It is so until a commit is recorded and then named as O(last_commit), and never unless O(action=poll).
  returned: success
  type: bool
  sample: false
polled_at:
  description:
    - When the server was last asked and answered, in UTC as ISO 8601; empty if it never did.
  returned: success
  type: str
  sample: "2026-11-24T07:50:35Z"
first_chosen:
  description:
    - When there was first a commit to act on since the last record or reset, in UTC as ISO 8601; empty if there was
      none. Neither later commits nor unsigned ones change it.
  returned: success
  type: str
  sample: "2026-11-24T07:50:35Z"
last_poll:
  description:
    - What the last poll came to. Each value is empty if there was none.
  returned: success
  type: dict
  contains:
    status:
      description:
        - Its RV(status), or V(failed); why it failed is not kept, as it may be about a secret.
      type: str
      sample: unchanged
    since:
      description: Since when polls have come to that, in UTC as ISO 8601.
      type: str
      sample: "2026-11-24T07:50:35Z"
    sentence:
      description: Its RV(msg).
      type: str
      sample: ""
hold:
  description:
    - The first line of O(hold_file). Empty if RV(status) is not V(held), and if O(hold_file) is anything else than a
      regular file of root or the user of this task, is longer than 1 KiB, can be written to by others, or holds there
      what cannot be seen.
  returned: success
  type: str
  sample: The database is being moved (suspended by alice at 2026-11-24T07:50:35Z)
held_since:
  description:
    - When O(hold_file) was written, in UTC as ISO 8601; empty if RV(status) is not V(held).
  returned: success
  type: str
  sample: "2026-11-24T07:50:35Z"
head:
  description:
    - The head of the branch on the server; empty unless O(action=poll).
  returned: success, or when a commit has too few signatures
  type: str
  sample: 1f7a7a472abf3dd9643fd615f6da379c4acb3e3a
signatures_head:
  description:
    - Where O(signatures_ref) stood on the server at the same moment; empty if there is none, or none was asked for.
  returned: success
  type: str
  sample: 5d8c1c1f0f5d0f9a3d9a4a5b6f0f1c2d3e4f5a6b
commits:
  description:
    - The new commits, oldest first, the newest O(max_commits) of them. Without a RV(previous_commit), the head alone.
  returned: success, or when a commit has too few signatures
  type: list
  elements: str
  sample: ["1f7a7a472abf3dd9643fd615f6da379c4acb3e3a"]
signers:
  description:
    - The names of those whose signatures count, in the order of RV(signatures); the fingerprint of a key that was given
      without a name.
  returned: success, or when a commit has too few signatures
  type: list
  elements: str
  sample: ["alice", "bob"]
signatures:
  description:
    - The signatures that count, one for each signer, and no more than were looked at until O(required_signatures) and
      O(rules) had theirs.
    - They are those of RV(commit) if RV(status) is V(new), otherwise those of the commit that has too few.
  returned: success, or when a commit has too few signatures
  type: list
  elements: dict
  contains:
    signer:
      description: The signer's name, as in RV(signers).
      type: str
      sample: alice
    type:
      description: V(openpgp) or V(ssh).
      type: str
      sample: openpgp
    fingerprint:
      description:
        - The fingerprint of the signer's primary key, or of the SSH key as C(SHA256:) and base64.
      type: str
      sample: 27B3C0A14C3B2C5E4F1B5E9D6C1A3D1E0F9A8B7C
    signing_key:
      description: The fingerprint of the key that made the signature, the primary key or one of its subkeys.
      type: str
      sample: 27B3C0A14C3B2C5E4F1B5E9D6C1A3D1E0F9A8B7C
    user_id:
      description: The user id in the signer's certificate; empty for SSH.
      type: str
      sample: Alice <alice@example.org>
    created:
      description: When the signature was made, in UTC as ISO 8601; empty for SSH, whose signatures hold no time.
      type: str
      sample: "2026-11-24T07:50:35Z"
    touched:
      description: Whether it was made by a security key that somebody touched.
      type: bool
      sample: false
    source:
      description: V(commit) for the commit's own signature, V(notes) for one that C(git-signatures) has published.
      type: str
      sample: commit
    signature:
      description:
        - The signature itself, as it was found, in Base64. From a commit it is armored, from a note binary.
      type: str
      sample: U1NIU0lH
verified_signatures:
  description:
    - The number of RV(signers).
  returned: success, or when a commit has too few signatures
  type: int
  sample: 2
rules:
  description:
    - Those of O(rules) that guard what the commit changes whose RV(signatures) are returned. They are not looked for
      while it has fewer signatures than O(required_signatures).
  returned: success, or when a commit has too few signatures
  type: list
  elements: dict
  contains:
    rule:
      description: Its place in O(rules), from 0.
      type: int
      sample: 0
    path:
      description:
        - The first changed path that it guards, without control characters; empty if every path counts as changed.
      type: str
      sample: prod/database.tf
    required:
      description: How many of its signers are required.
      type: int
      sample: 2
    signers:
      description: Which of its signers have signed.
      type: list
      elements: str
      sample: ["alice", "bob"]
required_signatures:
  description:
    - The number of signatures that were required.
  returned: success, or when a commit has too few signatures
  type: int
  sample: 2
archive:
  description:
    - The tar file that was written; empty if none was.
  returned: success
  type: str
  sample: /var/lib/infrastructure/tree.tar
archive_sha256:
  description:
    - The SHA-256 of the tar file, taken over what was written and not over what lies there now; empty if none was.
  returned: success
  type: str
  sample: 4b1b4a6b6ac6b9d8bd0b1d1bd5fd7a0c9b2f7a2a2f1c8a5d8f4a1f8d1e6e0c3a
tree:
  description:
    - The git id of the tree of RV(commit); empty unless RV(status) is V(new).
  returned: success
  type: str
  sample: 4b825dc642cb6eb9a060e54bf8d69288fbee4904
content_id:
  description:
    - The SHA-256 of RV(commit) less its signature headers (C(gpgsig), C(gpgsig-sha256)), which nobody's signature
      covers. Commits that say the same have the same; anybody can make several that differ in their RV(commit) alone.
    - Empty unless O(action=poll) and RV(commit) is another one than O(last_commit), or a rerun of it.
  returned: success
  type: str
  sample: 9d3f5d5c9a8c6f0f5b6f9a0b7d2f8a5c3e1d7b6a4f2c8e9d0a1b3c5d7e9f1a2b
identity:
  description:
    - What tells one run from all others, if RV(status) is V(new); otherwise empty.
    - It is RV(content_id), and for a rerun RV(content_id), V(+) and a number.
  returned: success
  type: str
  sample: 9d3f5d5c9a8c6f0f5b6f9a0b7d2f8a5c3e1d7b6a4f2c8e9d0a1b3c5d7e9f1a2b+1
last_rerun:
  description:
    - The RV(identity) of the last rerun that was given; empty if there has been none.
  returned: success
  type: str
  sample: 9d3f5d5c9a8c6f0f5b6f9a0b7d2f8a5c3e1d7b6a4f2c8e9d0a1b3c5d7e9f1a2b+1
open:
  description:
    - RV(last_rerun), if nothing has been recorded or reset since it was given; otherwise empty.
  returned: success
  type: str
  sample: 9d3f5d5c9a8c6f0f5b6f9a0b7d2f8a5c3e1d7b6a4f2c8e9d0a1b3c5d7e9f1a2b+1
attempts:
  description:
    - How often RV(commit) was tried in vain, if RV(status) is V(new) or V(counted); otherwise 0.
  returned: success
  type: int
  sample: 3
retry_at:
  description:
    - When the next attempt is due, in UTC as ISO 8601; empty if that is not to come, or there is nothing to wait for.
  returned: success
  type: str
  sample: "2026-11-24T07:50:35Z"
given_up:
  description:
    - Whether RV(commit) is not to be tried any more.
  returned: success
  type: bool
  sample: false
turn_at:
  description:
    - When the turn with RV(commit) comes, as O(spread) says, in UTC as ISO 8601; empty if there is nothing to wait for.
  returned: success
  type: str
  sample: "2026-11-24T07:50:35Z"
subject:
  description:
    - The first paragraph of the commit's message on one line, without control characters. It is the author's text, and
      nothing vouches for it but the signatures.
  returned: success
  type: str
  sample: Raise the limits of the ingress controllers
author:
  description:
    - Who wrote the commit, according to the commit.
  returned: success
  type: str
  sample: Alice <alice@example.org>
committed_at:
  description:
    - When the commit was made, according to the commit, in UTC as ISO 8601; empty if it does not say.
  returned: success
  type: str
  sample: "2026-11-24T07:50:35Z"
verified:
  description:
    - What O(action=verify) has found of each of O(commits), in their order; otherwise empty.
  returned: success
  type: list
  elements: dict
  contains:
    commit:
      description: The commit.
      type: str
      sample: 1f7a7a472abf3dd9643fd615f6da379c4acb3e3a
    found:
      description: Whether it is in the history of the branch.
      type: bool
      sample: true
    tree:
      description: The git id of its tree; empty if it was not found, or says two things.
      type: str
      sample: 4b825dc642cb6eb9a060e54bf8d69288fbee4904
    signers:
      description: The names of all whose signatures are good, by keys that count today.
      type: list
      elements: str
      sample: ["alice"]
    fingerprints:
      description: The keys that have made them, as in RV(signatures[].fingerprint).
      type: list
      elements: str
    rejected:
      description: Which other signatures it has, and why they do not count.
      type: list
      elements: str
      sample: ["signature 1 in the notes: made by a key that has expired"]
msg:
  description:
    - How many have signed, who they are, and who is missing, if RV(status) is V(awaiting_signatures); what RV(hold)
      says if it is V(held); otherwise empty.
  returned: success
  type: str
  sample: >-
    required_signatures: commit 1f7a7a472abf3dd9643fd615f6da379c4acb3e3a carries 1 of 2: alice; bob or carol is missing.
"""

from ansible_collections.flant.gitops.plugins.module_utils._packed import compile_once

compile_once()

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request, hidden_values

ARGUMENT_SPEC = {
    "action": {"type": "str", "choices": ["poll", "record", "count", "reset", "show", "verify"], "default": "poll"},
    "repo": {"type": "str"},
    "branch": {"type": "str", "default": "main"},
    "git_dir": {"type": "path", "required": True},
    "last_commit": {"type": "str", "default": ""},
    "required_signatures": {"type": "int", "default": 0},
    "trusted_signers": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "public_keys": {"type": "list", "elements": "str", "required": True, "no_log": False},
        },
    },
    "rules": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "paths": {"type": "list", "elements": "str", "required": True},
            "required": {"type": "int", "required": True},
            "signers": {"type": "list", "elements": "str", "required": True},
        },
    },
    "ssh_user_verification": {"type": "bool", "default": False},
    "trusted_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "signatures_ref": {"type": "str", "default": "refs/tags/latest-signature"},
    "verify": {"type": "str", "choices": ["tip", "every"], "default": "tip"},
    "select": {"type": "str", "choices": ["head", "oldest"], "default": "head"},
    "on_insufficient_signatures": {"type": "str", "choices": ["fail", "wait"], "default": "fail"},
    "max_commits": {"type": "int", "default": 1000},
    "commits": {"type": "list", "elements": "str", "default": []},
    "submodules": {"type": "bool", "default": False},
    "archive": {"type": "path"},
    "rerun": {"type": "bool", "default": False},
    "rerun_after": {"type": "str", "default": ""},
    "spread": {"type": "str", "default": "0s"},
    "attempts": {
        "type": "dict",
        "options": {
            "of": {"type": "str", "default": ""},
            "run": {"type": "str", "default": ""},
            "retry_delay": {"type": "str", "default": "0s"},
            "retry_max_delay": {"type": "str", "default": "1h"},
            "max_attempts": {"type": "int", "default": 0},
            "anew": {"type": "bool", "default": False},
        },
    },
    "hold_file": {"type": "path"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "password_file": {"type": "path", "no_log": False},
    "ssh_key_file": {"type": "path", "no_log": False},
    "ssh_known_hosts_file": {"type": "path"},
    "ca_cert_file": {"type": "path"},
    "proxy": {"type": "str"},
    "proxy_username": {"type": "str"},
    "proxy_password": {"type": "str", "no_log": True},
    "timeout": {"type": "str", "default": "5m"},
}


def main() -> None:
    """Run the module."""
    from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.run import run

    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    module.no_log_values.update(hidden_values(module.params))
    try:
        with interruptible():
            request = Request.from_params(module.params, check_mode=module.check_mode)
            module.no_log_values.update({request.access.password} - {""} if request.access else ())
            outcome = run(request)
    except Failure as failure:
        for warning in failure.warnings:
            module.warn(warning)
        module.fail_json(msg=str(failure), **failure.result)
    for warning in outcome.warnings:
        module.warn(warning)
    module.exit_json(**outcome.result())


if __name__ == "__main__":
    main()
