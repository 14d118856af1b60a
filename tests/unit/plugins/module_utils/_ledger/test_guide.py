# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example in the guide is an entry as the specification beside it says."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

from ansible_collections.flant.gitops.plugins.module_utils._ledger import entry, signing
from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import open_line
from ansible_collections.flant.gitops.plugins.module_utils._ssh.verifier import ssh_keygen

GUIDE = (Path(__file__).resolve().parents[5] / "docs/docsite/rst/guide_ledger.rst").read_text(encoding="utf-8")
LINE, PAYLOAD = (textwrap.dedent(block).strip() for block in re.findall(r"code-block:: json\n\n((?:    .*\n)+)", GUIDE))


def test_line_is_an_entry_whose_signature_fits() -> None:
    envelope = open_line(LINE.encode())
    assert signing.defect(envelope, ssh_keygen()) == ""
    assert entry.read(envelope.payload).event == entry.BEGUN


def test_payload_is_the_lines() -> None:
    assert json.loads(PAYLOAD) == json.loads(open_line(LINE.encode()).payload)


def test_every_event_and_field_is_named() -> None:
    names = set(re.findall(r"``(\w+)``", GUIDE))
    assert names >= {*entry.EVENTS, *(name for event in entry.EVENTS.values() for name in event.fields)}
