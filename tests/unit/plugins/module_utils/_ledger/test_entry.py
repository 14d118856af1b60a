# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an entry may hold, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from ansible_collections.flant.gitops.plugins.module_utils._ledger import entry as entries
from ansible_collections.flant.gitops.plugins.module_utils._ledger.entry import Entry, Place, fitted, read, visible
from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import canonical

ROOT = Path(__file__).resolve().parents[5]
DIGEST = "sha256:" + "d" * 64
SIGNED = {"signer": "alice", "type": "ssh", "source": "notes", "fingerprint": "SHA256:" + "A" * 43, "signature": "AAAA"}
TOKEN = {"name": "database", "accessor": "hvs.x", "creationPath": "secret/data/database"}
BEGUN = Entry(
    ledger="a" * 32,
    number=0,
    previous=entries.NO_LINE,
    event=entries.BEGUN,
    at="2026-11-28T12:00:00Z",
    host="web1.example.com",
    instance="default",
    machine="b" * 32,
    version="1.0.0",
    run="c" * 32,
    place=Place("https://git.example.com/deploy.git", "main", "1" * 40),
    details={
        "required": 1,
        "signatures": [SIGNED],
        "trusted": DIGEST,
        "commands": DIGEST,
        "image": DIGEST,
        "previousCommit": "2" * 40,
        "tree": "3" * 40,
    },
)
ENDED = {"rc": 3, "startedOn": BEGUN.at, "finishedOn": BEGUN.at, "output": DIGEST, "requests": [TOKEN]}
CANARY = "c4n4ry of others\n"
UNFIT = (CANARY, "x" * 70000, [CANARY], {CANARY: CANARY}, [{CANARY: CANARY}], 10**30, -1, True)
ABOUT_THE_LEDGER = BEGUN._replace(run="", place=None, details={})
GOOD = [
    BEGUN,
    BEGUN._replace(event=entries.FAILED, details=ENDED),
    BEGUN._replace(event=entries.FINISHED, details={**ENDED, "rc": 0}),
    BEGUN._replace(event=entries.CANCELLED, details={}),
    BEGUN._replace(event=entries.ADOPTED, details={}),
    BEGUN._replace(event=entries.LOST, details={}),
    ABOUT_THE_LEDGER._replace(event=entries.REKEYED, details={"key": SIGNED["fingerprint"]}),
    ABOUT_THE_LEDGER._replace(event=entries.PRUNED, details={"begins": 7, "before": DIGEST}),
    ABOUT_THE_LEDGER._replace(event=entries.RESET, details={"commit": "1" * 40, "previousCommit": "2" * 40}),
    ABOUT_THE_LEDGER._replace(event=entries.RESET),
    ABOUT_THE_LEDGER._replace(event=entries.SUSPENDED),
    ABOUT_THE_LEDGER._replace(event=entries.RESUMED),
    ABOUT_THE_LEDGER._replace(event=entries.TORN, details={"torn": DIGEST}),
]


def test_version_is_the_collections() -> None:
    """In a clone galaxy.yml says which version it is, in an installed collection its manifest."""
    if (ROOT / "galaxy.yml").exists():
        told = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    else:
        told = json.loads((ROOT / "MANIFEST.json").read_text(encoding="utf-8"))["collection_info"]
    assert told["version"] == entries.VERSION


@pytest.mark.parametrize("entry", GOOD, ids=lambda entry: entry.event)
def test_entry_is_read_as_it_was_written(entry: Entry) -> None:
    assert read(entry.payload()) == entry


def test_statement_is_about_the_commit_or_about_the_line_before() -> None:
    (subject,) = json.loads(BEGUN.payload())["subject"]
    assert subject["name"] == "git+https://git.example.com/deploy.git@refs/heads/main"
    assert subject["digest"] == {"gitCommit": "1" * 40}
    (subject,) = json.loads(GOOD[-1].payload())["subject"]
    assert subject["digest"] == {"sha256": entries.NO_LINE}


def with_predicate(**changes: object) -> bytes:
    statement = json.loads(BEGUN.payload())
    predicate = {**statement["predicate"], **changes}
    statement["predicate"] = {name: value for name, value in predicate.items() if value is not None}
    return canonical(statement)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("event", "begotten"),
        ("event", []),
        ("event", "finished"),
        ("event", "torn"),
        ("number", -1),
        ("number", "0"),
        ("number", True),
        ("previous", "0"),
        ("ledger", None),
        ("at", "now"),
        ("at", "2026-11-28T12:00:00+00:00"),
        ("host", "a b"),
        ("host", ""),
        ("host", "x" * 300),
        ("host", "web1\n"),
        ("instance", "../x"),
        ("run", None),
        ("run", "c" * 31),
        ("reason", "because"),
        ("rc", 0),
        ("required", 1.0),
        ("trusted", "alice"),
        ("signatures", {}),
        ("signatures", [{}]),
        ("signatures", [{**SIGNED, "user_id": "Alice <alice@example.com>"}]),
        ("signatures", [{**SIGNED, "signer": "<script>"}]),
        ("signatures", [{**SIGNED, "signature": "A" * 9000}]),
        ("signatures", [{**SIGNED, "fingerprint": 1}]),
        ("previousCommit", ""),
        ("tree", "main^{tree}"),
    ],
)
def test_field_without_its_form_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"^(it|its) "):
        read(with_predicate(**{name: value}))


@pytest.mark.parametrize("entry", GOOD, ids=lambda entry: entry.event)
def test_no_field_takes_what_others_could_have_written_into_it(entry: Entry) -> None:
    statement = json.loads(entry.payload())
    for field in sorted(entries.EVENTS[entry.event].fields):
        for value in UNFIT:
            changed = {**statement, "predicate": {**statement["predicate"], field: value}}
            with pytest.raises(ValueError, match=rf"^its {field} "):
                read(canonical(changed))


@pytest.mark.parametrize(
    ("event", "list_of", "good"),
    [(entries.BEGUN, "signatures", SIGNED), (entries.FINISHED, "requests", TOKEN)],
    ids=["signatures", "requests"],
)
def test_no_field_within_takes_it_either(event: str, list_of: str, good: dict[str, str]) -> None:
    statement = json.loads({each.event: each for each in GOOD}[event].payload())
    for field in good:
        for value in UNFIT:
            changed = {**statement, "predicate": {**statement["predicate"], list_of: [{**good, field: value}]}}
            with pytest.raises(ValueError, match=rf"^its {list_of} does not have its form"):
                read(canonical(changed))


@pytest.mark.parametrize("field", ["repository", "branch"])
def test_no_subject_takes_it_either(field: str) -> None:
    for value in ("", "a b", "x" * 1100):
        with pytest.raises(ValueError, match=r"^its subject "):
            BEGUN._replace(place=BEGUN.place._replace(**{field: value})).payload()


@pytest.mark.parametrize(
    "changes",
    [
        {"_type": "https://in-toto.io/Statement/v0.1"},
        {"predicateType": "https://slsa.dev/provenance/v1"},
        {"predicate": 1},
        {"subject": []},
        {"subject": [1]},
        {"subject": [{"name": "ledger:x", "digest": {"sha256": entries.NO_LINE}}]},
        {"subject": [{"name": "git+x@refs/heads/main", "digest": {"gitCommit": "1"}}]},
        {"subject": [{"name": "git+x@refs/heads/main", "digest": {"gitCommit": "1" * 40, "sha1": "1" * 40}}]},
        {"more": 1},
    ],
)
def test_other_statement_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^(it|its) "):
        read(canonical({**json.loads(BEGUN.payload()), **changes}))


def test_what_does_not_fit_is_named_by_its_digest() -> None:
    assert fitted("name", "database") == "database"
    assert fitted("name", "a\u202eb").startswith("sha256:")
    assert visible("/srv/d\u00e9ploy me", 100) == "/srv/d%C3%A9ploy%20me"
    assert visible("x" * 101, 100).startswith("sha256:")
