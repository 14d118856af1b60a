# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was done to a ledger after it was written is found, with the line."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import tracemalloc
from typing import TYPE_CHECKING, Callable

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._ledger import audit, book, entry, roots, signing
from ansible_collections.flant.gitops.plugins.module_utils._ledger.book import Author
from ansible_collections.flant.gitops.plugins.module_utils._ledger.chain import Chain, Expected
from ansible_collections.flant.gitops.plugins.module_utils._ledger.entry import Place
from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import Envelope, digest, open_line

if TYPE_CHECKING:
    from pathlib import Path

PLACE = Place("https://git.example.com/deploy.git", "main", "1" * 40)
ALICE = "A" * 40
BEGUN: dict[str, object] = {
    "tree": "7" * 40,
    "required": 1,
    "signatures": [{"signer": "alice", "type": "openpgp", "source": "commit", "fingerprint": ALICE}],
    "trusted": "sha256:" + "a" * 64,
    "commands": "sha256:" + "b" * 64,
}
WEB1 = Author("web1", "default", "", None)
Change = Callable[[list[bytes]], list[bytes]]


def keep(ledger: Path, author: Author = WEB1, runs: int = 3) -> Path:
    """Write some runs into a ledger that may be there."""
    for number in range(runs):
        with book.opened(ledger, author) as opened:
            run = book.begin(opened, PLACE._replace(commit=f"{number:040x}"), adopts=False, **BEGUN)
            book.end(opened, entry.FINISHED, run)
    return ledger


def known(ledger: Path, host: str = "web1", key: str = "key") -> str:
    told = subprocess.run(["ssh-keygen", "-y", "-f", str(ledger / key)], capture_output=True, text=True, check=True)
    return f"# told by the one who set it up\n{host},10.0.0.1 {told.stdout}"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return keep(tmp_path / "web1/ledger")


def file_of(ledger: Path) -> Path:
    (file,) = ledger.glob("*.jsonl")
    return file


def lines(ledger: Path) -> list[bytes]:
    return file_of(ledger).read_bytes().splitlines()


def verified(
    *copies: Path, text: str | None = None, host: str = "web1", heads: tuple[str, ...] = (), **more: object
) -> audit.Report:
    text = known(copies[0]) if text is None else text
    keys_of = (lambda name: roots.fingerprints(text, name)) if text else None
    return audit.verify(copies, Expected(host, keys_of, **more), heads)


def test_what_was_left_alone_is_authentic(ledger: Path) -> None:
    report = verified(ledger, heads=(digest(lines(ledger)[2]),))
    assert (report.verdict, report.problems, report.notes) == (audit.AUTHENTIC, [], [])
    assert (report.entries, list(report.heads)) == (6, [digest(lines(ledger)[-1])])


def edited(line: bytes) -> bytes:
    document = json.loads(line)
    payload = base64.b64decode(document["payload"]).replace(b'"number":2', b'"number":3')
    return json.dumps({**document, "payload": base64.b64encode(payload).decode()}, separators=(",", ":")).encode()


def rewritten(line: bytes, folder: Path) -> bytes:
    """Return the line as the host would have signed it with another key."""
    if not (folder / "key").exists():
        signing.make(folder)
    return signing.sign(open_line(line).payload, folder / "key", "test").line()


@pytest.mark.parametrize(
    ("change", "number", "words"),
    [
        pytest.param(lambda found: found[:2] + found[3:], 3, "it is entry 3, but entry 2 should follow", id="dropped"),
        pytest.param(
            lambda found: [*found[:2], found[3], found[2], *found[4:]], 3, "but entry 2 should follow", id="swapped"
        ),
        pytest.param(
            lambda found: [*found[:3], *found[2:]], 4, "it is entry 2, but entry 3 should follow", id="doubled"
        ),
        pytest.param(lambda found: [*found[:2], edited(found[2]), *found[3:]], 3, "does not fit it", id="edited"),
        pytest.param(lambda found: found[2:], 1, "those before it are missing", id="beginning"),
        pytest.param(lambda found: [*found[:2], b"{}", *found[2:]], 3, "it is not a DSSE envelope", id="no-entry"),
        pytest.param(lambda found: [*found[:5], found[5][:100]], 6, "no entry after it says", id="half"),
        pytest.param(
            lambda found: [*found[:2], found[2].replace(b'{"pay', b'{"a":1,"pay'), *found[3:]],
            3,
            "DSSE",
            id="key-twice",
        ),
    ],
)
def test_what_was_changed_is_found_with_its_line(ledger: Path, change: Change, number: int, words: str) -> None:
    text = known(ledger)
    file_of(ledger).write_bytes(b"\n".join(change(lines(ledger))) + b"\n")
    report = verified(ledger, text=text)
    assert report.verdict == audit.BROKEN
    assert f"{file_of(ledger)} line {number}: " in report.problems[0] + report.problems[-1]
    assert any(words in problem for problem in report.problems), report.problems


def test_what_was_rewritten_with_another_key_is_found(ledger: Path, tmp_path: Path) -> None:
    text, before = known(ledger), lines(ledger)
    file_of(ledger).write_bytes(b"\n".join([*before[:5], rewritten(before[5], tmp_path)]) + b"\n")
    report = verified(ledger, text=text)
    assert report.verdict == audit.BROKEN
    assert any("which no entry before it has announced" in problem for problem in report.problems)
    assert any("which is not known as one of web1" in problem for problem in report.problems)


def test_ledger_written_anew_with_a_key_of_its_own_is_not_authentic(ledger: Path, tmp_path: Path) -> None:
    report = verified(keep(tmp_path / "other/ledger"), text=known(ledger))
    assert report.verdict == audit.BROKEN
    assert "which is not known as one of web1" in report.problems[0]


def test_end_that_was_cut_off_is_found_by_a_witness_alone(ledger: Path) -> None:
    witnessed = digest(lines(ledger)[-1])
    file_of(ledger).write_bytes(b"\n".join(lines(ledger)[:-2]) + b"\n")
    assert verified(ledger).verdict == audit.AUTHENTIC
    report = verified(ledger, heads=(witnessed,))
    assert report.verdict == audit.BROKEN
    assert witnessed in report.problems[0]


def test_ledger_that_was_wiped_and_begins_anew_is_found_by_a_witness(ledger: Path) -> None:
    witnessed = digest(lines(ledger)[0])
    file_of(ledger).unlink()
    keep(ledger)
    assert verified(ledger, heads=(witnessed,)).verdict == audit.BROKEN


def test_fork_shows_in_two_copies(ledger: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in (file_of(ledger), ledger / "key"):
        (copy / file.name).write_bytes(file.read_bytes())
        (copy / file.name).chmod(0o600)
    assert verified(ledger, copy).verdict == audit.AUTHENTIC
    keep(ledger, runs=1)
    report = verified(ledger, copy)  # one of them is only older
    assert (report.verdict, report.entries) == (audit.AUTHENTIC, 14)
    assert list(report.heads) == [digest(lines(each)[-1]) for each in (ledger, copy)]
    keep(copy, runs=1)
    report = verified(ledger, copy)
    assert report.verdict == audit.BROKEN
    assert "line 7 and" in report.problems[0]


def test_another_hosts_ledger_and_another_hosts_key_are_refused(ledger: Path, tmp_path: Path) -> None:
    other = keep(tmp_path / "web2/ledger", WEB1._replace(host="web2"))
    assert "it is an entry of web2, not of web1" in verified(other, text=known(other, "web2")).problems[0]
    forged = keep(tmp_path / "forged/ledger", WEB1._replace(key_file=other / "key"))
    report = verified(forged, text=known(ledger) + known(other, "web2"))
    assert "which is not known as one of web1" in report.problems[0]


def test_nobody_who_knows_no_key_calls_it_authentic(ledger: Path) -> None:
    assert verified(ledger, text="").verdict == audit.CONSISTENT


@pytest.fixture
def unsigned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger of a host without ssh-keygen."""
    with monkeypatch.context() as bare:
        bare.setenv("PATH", str(tmp_path))
        return keep(tmp_path / "bare/ledger")


def test_ledger_that_nobody_has_signed_is_consistent_and_never_authentic(unsigned: Path, ledger: Path) -> None:
    for text in ("", known(ledger)):
        report = verified(unsigned, text=text)
        assert (report.verdict, report.problems, report.signing_keys) == (audit.CONSISTENT, [], [])
        assert "line 1: it is not signed, nor is what follows" in report.notes[0]
    assert verified(ledger, unsigned, host="").verdict == audit.BROKEN  # another ledger, to begin with
    assert verified(unsigned, text="", heads=(digest(lines(unsigned)[3]),)).verdict == audit.CONSISTENT
    assert verified(unsigned, text="", heads=("0" * 64,)).verdict == audit.BROKEN


def test_who_signs_vouches_for_what_nobody_has_signed_before(unsigned: Path) -> None:
    keep(unsigned, runs=1)
    text = known(unsigned)
    report = verified(unsigned, text=text)
    assert (report.verdict, len(report.signing_keys)) == (audit.AUTHENTIC, 1)
    found = lines(unsigned)
    payload = open_line(found[5]).payload.replace(PLACE.repository.encode(), b"https://git.example.com/other")
    file_of(unsigned).write_bytes(b"\n".join([*found[:5], Envelope(payload, "", b"").line(), *found[6:]]) + b"\n")
    assert (
        f"{file_of(unsigned)} line 7: it does not follow the line before it." in verified(unsigned, text=text).problems
    )


def test_signatures_that_were_taken_away_are_missed(ledger: Path) -> None:
    text, found = known(ledger), lines(ledger)
    stripped = Envelope(open_line(found[5]).payload, "", b"").line()
    file_of(ledger).write_bytes(b"\n".join([*found[:5], stripped]) + b"\n")
    assert verified(ledger, text=text).problems == [
        f"{file_of(ledger)} line 6: it is not signed, but those before it are."
    ]


def test_new_key_that_was_announced_is_trusted_as_the_old_one(ledger: Path, tmp_path: Path) -> None:
    text = known(ledger)
    signing.make(tmp_path)
    keep(ledger, WEB1._replace(key_file=tmp_path / "key"), runs=1)
    report = verified(ledger, text=text)
    assert (report.verdict, len(report.signing_keys)) == (audit.AUTHENTIC, 2)
    found = lines(ledger)
    file_of(ledger).write_bytes(b"\n".join(found[:6] + found[7:]) + b"\n")
    assert verified(ledger, text=text).verdict == audit.BROKEN


def test_missing_year_is_found(ledger: Path) -> None:
    whole = file_of(ledger).read_bytes().splitlines(keepends=True)
    file_of(ledger).unlink()
    for number, year in enumerate((2024, 2025, 2026)):
        (ledger / f"{year}.jsonl").write_bytes(b"".join(whole[2 * number : 2 * number + 2]))
    assert verified(ledger).verdict == audit.AUTHENTIC
    (ledger / "2025.jsonl").rename(ledger / "elsewhere")
    assert f"{ledger / '2026.jsonl'} line 1: it is entry 4, but entry 2 should follow." in verified(ledger).problems
    (ledger / "elsewhere").rename(ledger / "2025.jsonl")
    (ledger / "2024.jsonl").unlink()
    assert "are missing" in verified(ledger).problems[0]


def test_torn_line_is_noted_and_none_that_is_not_there(ledger: Path) -> None:
    whole = file_of(ledger).read_bytes()
    file_of(ledger).write_bytes(whole + whole[:50])
    keep(ledger, runs=1)
    report = verified(ledger)
    assert report.verdict == audit.AUTHENTIC
    assert "line 8: it says torn" in report.notes[0]
    found = lines(ledger)
    file_of(ledger).write_bytes(b"\n".join(found[:6] + found[7:]) + b"\n")
    assert "which is not there" in verified(ledger).problems[0]


def test_clock_that_was_set_back_is_noted(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book.time, "time", lambda: 0)
    keep(ledger, runs=1)
    assert "the clock was set back" in verified(ledger).notes[0]


def test_former_signers_were_right_and_would_not_count_today(ledger: Path) -> None:
    assert verified(ledger, today=[ALICE]).notes == []
    report = verified(ledger, today=[])
    assert report.verdict == audit.AUTHENTIC
    assert "was signed by alice, which counted then and would not today" in report.notes[0]


def test_commits_that_were_let_run_are_listed_where_that_is_asked(ledger: Path) -> None:
    assert verified(ledger).commits == []
    with book.opened(ledger, WEB1) as opened:
        book.end(opened, entry.FINISHED, book.begin(opened, PLACE._replace(commit=f"{0:040x}"), adopts=False, **BEGUN))
    listed = verified(ledger, lists_commits=True).commits
    assert [each["commit"] for each in listed] == [f"{number:040x}" for number in range(3)]  # each once
    assert listed[1] == {
        "line": f"{file_of(ledger)} line 3",
        "commit": f"{1:040x}",
        "tree": "7" * 40,
        "required": 1,
        "signatures": [{"signer": "alice", "fingerprint": ALICE}],
    }


def test_no_ledger_and_an_empty_one_are_nothing(tmp_path: Path) -> None:
    assert "holds no entry" in verified(tmp_path, text="").problems[0]
    with pytest.raises(Failure, match=r"^dir: .* cannot be read"):
        verified(tmp_path / "nothing", text="")


def test_folder_in_the_place_of_a_file_is_named(ledger: Path) -> None:
    (ledger / "2025.jsonl").mkdir()
    with pytest.raises(Failure, match=r"^dir: .*/ledger cannot be read: it is not a regular file"):
        verified(ledger)


def test_problems_are_bounded(ledger: Path) -> None:
    text = known(ledger)
    file_of(ledger).write_bytes(b"{}\n" * 150)
    assert len(verified(ledger, text=text, heads=("0" * 64,)).problems) == 100


def test_hosts_names_are_found_hashed_as_well(ledger: Path) -> None:
    salt = b"0123456789abcdef0123"
    hashed = base64.b64encode(hmac.new(salt, b"web1", hashlib.sha1).digest()).decode()
    text = known(ledger, f"|1|{base64.b64encode(salt).decode()}|{hashed}").replace(",10.0.0.1", "")
    assert len(roots.fingerprints(text, "web1")) == 1
    assert roots.fingerprints(text, "web2") == set()
    assert roots.fingerprints(known(ledger), "10.0.0.1") == roots.fingerprints(text, "web1")
    assert roots.fingerprints(known(ledger), "web") == set()


@pytest.mark.parametrize(
    "text", ["@revoked web1 ssh-ed25519 AAAA", "@cert-authority * ssh-rsa AAAA", "web1", "web1 ssh-dss AAAA"]
)
def test_line_that_is_no_key_of_a_host_is_refused(text: str) -> None:
    with pytest.raises(Failure, match=r"^known_hosts: line 1"):
        roots.fingerprints(text, "web1")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_entries() -> None:
    """Signatures left out: nothing but the chain is looked at here."""
    chain, written = Chain(Expected()), []
    previous = entry.NO_LINE
    for number in range(2_001):
        begun = number % 2 == 0
        told = entry.Entry(
            *("a" * 32, number, previous, entry.BEGUN if begun else entry.FINISHED, "2026-11-28T12:00:00Z"),
            *("web1", "default", "", "1.0.0", f"{number // 2:032x}", PLACE, BEGUN if begun else {}),
        )
        written.append(Envelope(told.payload(), "SHA256:" + "k" * 43, b"x" * 150).line())
        previous = digest(written[-1])
    for number, line in enumerate(written):
        chain.follow(f"line {number}", line)
        if number == 1000:
            tracemalloc.start()
            before = tracemalloc.get_traced_memory()[0]
        if number == 2000:
            grown = tracemalloc.get_traced_memory()[0] - before
            tracemalloc.stop()
    assert chain.problems == []
    assert grown < 64 * 1024


def test_what_the_host_itself_rewrites_does_not_fit_what_it_has_written_after_it(ledger: Path) -> None:
    found = lines(ledger)
    payload = open_line(found[2]).payload.replace(PLACE.repository.encode(), b"https://git.example.com/other")
    found[2] = signing.sign(payload, ledger / "key", "test").line()
    file_of(ledger).write_bytes(b"\n".join(found) + b"\n")
    assert verified(ledger).problems == [f"{file_of(ledger)} line 4: it does not follow the line before it."]


def test_torn_line_that_another_was_put_for_is_found(ledger: Path) -> None:
    file_of(ledger).write_bytes(file_of(ledger).read_bytes() + b'{"payload":"AAAA')
    keep(ledger, runs=1)
    assert verified(ledger).verdict == audit.AUTHENTIC
    file_of(ledger).write_bytes(file_of(ledger).read_bytes().replace(b'\n{"payload":"AAAA\n', b'\n{"payload":"BBBB\n'))
    assert "line 8: it speaks of a line before it that was cut off" in verified(ledger).problems[0]


@pytest.fixture
def years(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger with a run in each of three years, and one from each to the next."""
    ledger = tmp_path / "web1/ledger"
    open_run = ""
    for year in (54, 55, 56):
        seconds = int(year * 365.25 * 86400) + 100 * 86400
        monkeypatch.setattr(book.time, "time", lambda seconds=seconds: seconds)
        with book.opened(ledger, WEB1) as opened:
            if open_run:
                book.end(opened, entry.FINISHED, open_run)
            open_run = book.begin(opened, PLACE, adopts=False, **BEGUN)
    return ledger


def pruned(ledger: Path, number: int) -> None:
    with book.opened(ledger, WEB1) as opened:
        opened.prune(number)


def names(ledger: Path) -> list[str]:
    return sorted(file.stem for file in ledger.glob("*.jsonl"))


def test_ledger_that_was_pruned_begins_later_and_says_so(years: Path) -> None:
    pruned(years, 3)
    assert names(years) == ["2024", "2025", "2026"]
    for left, begins in ((2, 1), (1, 3)):
        pruned(years, left)
        pruned(years, left)
        assert names(years) == ["2024", "2025", "2026"][-left:]
        report = verified(years)
        assert (report.verdict, report.problems) == (audit.AUTHENTIC, [])
        assert f"the ledger begins with entry {begins}, as older years were deleted" in report.notes[-1]
    assert report.entries == 4
    keep(years, runs=1)
    assert verified(years).verdict == audit.AUTHENTIC


def test_beginning_that_is_missing_is_found_though_the_ledger_was_pruned(years: Path) -> None:
    pruned(years, 2)
    (years / "2025.jsonl").unlink()
    assert (
        "2026.jsonl line 1: it is entry 3 of the ledger, and those before it are missing."
        in verified(years).problems[0]
    )


def test_beginning_before_another_line_than_was_said_is_found(years: Path) -> None:
    pruned(years, 2)
    file = years / "2025.jsonl"
    first = open_line(file.read_bytes().splitlines()[0])
    other = first.payload.replace(entry.read(first.payload).previous.encode(), b"0" * 64)
    rest = file.read_bytes().split(b"\n", 1)[1]
    file.write_bytes(signing.sign(other, years / "key", "test").line() + b"\n" + rest)
    assert any("those before it are missing" in problem for problem in verified(years).problems)


def test_beginning_at_another_number_than_was_said_is_found(years: Path) -> None:
    first = entry.read(open_line((years / "2025.jsonl").read_bytes().splitlines()[0]).payload)
    with book.opened(years, WEB1) as opened:
        opened.append(entry.PRUNED, begins=first.number + 1, before=f"sha256:{first.previous}")
    (years / "2024.jsonl").unlink()
    assert "those before it are missing" in verified(years).problems[0]


@pytest.mark.parametrize("removed", [False, True])
def test_pruning_that_was_cut_off_is_no_problem(years: Path, monkeypatch: pytest.MonkeyPatch, *, removed: bool) -> None:
    remove = book.remove

    def interrupted(file: Path, *, dir_fd: int) -> None:
        if removed:
            remove(file, dir_fd=dir_fd)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(book, "remove", interrupted)
        pruned(years, 1)
    assert names(years) == ["2024", "2025", "2026"][removed:]
    assert verified(years).verdict == audit.AUTHENTIC
    pruned(years, 1)
    assert verified(years).verdict == audit.AUTHENTIC


@pytest.mark.parametrize("runs", [0, 1])
def test_run_that_never_began_is_found_behind_a_later_beginning(years: Path, runs: int) -> None:
    pruned(years, 1)
    keep(years, runs=runs)  # behind which none is open
    with book.opened(years, WEB1) as opened:
        opened.append(entry.FINISHED, run="f" * 32, place=PLACE)
    assert any(f"run {'f' * 32} has not begun before" in problem for problem in verified(years).problems)
