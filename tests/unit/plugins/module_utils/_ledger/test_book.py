# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written into a ledger as runs begin, end, are killed, and meet a full disk, a new key or another clock."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._ledger import book, entry, files
from ansible_collections.flant.gitops.plugins.module_utils._ledger.book import Author
from ansible_collections.flant.gitops.plugins.module_utils._ledger.entry import Place, read
from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import digest, open_line
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import Missing

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.flant.gitops.plugins.module_utils._ledger.entry import Entry

PLACE = Place("https://git.example.com/deploy.git", "main", "1" * 40)
BEGUN: dict[str, object] = {
    "required": 0,
    "signatures": [],
    "trusted": "sha256:" + "a" * 64,
    "commands": "sha256:" + "b" * 64,
}
OWN = Author("web1", "default", "", None)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "default/ledger"


def begin(ledger: Path, author: Author = OWN, *, adopts: bool = False, place: Place = PLACE) -> str:
    with book.opened(ledger, author) as opened:
        return book.begin(opened, place, adopts=adopts, **BEGUN)


def end(ledger: Path, run: str, event: str = entry.FINISHED, **details: object) -> None:
    with book.opened(ledger, OWN) as opened:
        book.end(opened, event, run, **details)


def lines(ledger: Path) -> list[bytes]:
    return [line for file in sorted(ledger.glob("*.jsonl")) for line in file.read_bytes().splitlines()]


def written(ledger: Path) -> list[Entry]:
    """Return the entries, once it is seen that they are a chain and that ssh-keygen takes their signatures."""
    found, previous = [], entry.NO_LINE
    for number, line in enumerate(lines(ledger)):
        try:
            envelope = open_line(line)
        except ValueError:
            continue
        (ledger.parent / "sig").write_bytes(
            b"-----BEGIN SSH SIGNATURE-----\n%b\n-----END SSH SIGNATURE-----\n"
            % json.loads(line)["signatures"][0]["sig"].encode()
        )
        checked = ["ssh-keygen", "-Y", "check-novalidate", "-n", "run@flant.gitops", "-s", str(ledger.parent / "sig")]
        subprocess.run(checked, input=envelope.signed, check=True, capture_output=True)
        found.append(read(envelope.payload))
        assert found[-1].previous == previous, number
        assert found[-1].number == len(found) - 1
        previous = digest(line)
    return found


def events(ledger: Path) -> list[str]:
    return [each.event for each in written(ledger)]


def key(folder: Path) -> Path:
    file = folder / "host_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True)
    return file


def test_run_begins_and_ends(ledger: Path) -> None:
    run = begin(ledger)
    end(ledger, run)
    begun, finished = written(ledger)
    assert (begun.event, finished.event) == (entry.BEGUN, entry.FINISHED)
    assert begun.run == finished.run == run
    assert begun.place == finished.place == PLACE
    for file in ("key", *(file.name for file in ledger.glob("*.jsonl"))):
        assert (ledger / file).stat().st_mode & 0o777 == 0o600
    assert {file.name for file in ledger.iterdir() if file.suffix != ".jsonl"} == {"key", "lock", "signed_with"}


def test_end_that_is_told_twice_is_written_once(ledger: Path) -> None:
    run = begin(ledger)
    end(ledger, run)
    end(ledger, run, entry.FAILED)
    assert events(ledger) == [entry.BEGUN, entry.FINISHED]


def test_run_that_never_ended_is_called_lost_once(ledger: Path) -> None:
    lost = begin(ledger)
    begin(ledger)
    begin(ledger)
    assert events(ledger) == [entry.BEGUN, entry.LOST, entry.BEGUN, entry.LOST, entry.BEGUN]
    assert written(ledger)[1].run == lost


def test_run_that_is_taken_up_keeps_its_id(ledger: Path) -> None:
    run = begin(ledger)
    assert begin(ledger, adopts=True) == run
    assert begin(ledger, adopts=True) == run
    end(ledger, run)
    assert events(ledger) == [entry.BEGUN, entry.ADOPTED, entry.ADOPTED, entry.FINISHED]


def test_run_that_has_ended_and_left_its_container_does_not_begin_anew(ledger: Path) -> None:
    """It was killed before the container was removed; the commands, which failed, were started once."""
    run = begin(ledger)
    end(ledger, run, entry.FAILED, rc=1)
    assert begin(ledger, adopts=True) == run
    end(ledger, run, entry.FAILED, rc=1)
    assert events(ledger) == [entry.BEGUN, entry.FAILED]
    assert begin(ledger) != run


def test_run_whose_end_does_not_tell_what_the_commands_came_to_is_followed_by_another(ledger: Path) -> None:
    """The engine was away, or the module was killed, while the container went on."""
    run = begin(ledger)
    end(ledger, run, entry.FAILED)
    other = begin(ledger, adopts=True)
    assert other != run
    end(ledger, other, entry.FINISHED, rc=0)
    assert events(ledger) == [entry.BEGUN, entry.FAILED, entry.BEGUN, entry.FINISHED]


def test_run_of_another_commit_is_not_taken_up(ledger: Path) -> None:
    run = begin(ledger)
    assert begin(ledger, adopts=True, place=PLACE._replace(commit="2" * 40)) != run
    assert events(ledger) == [entry.BEGUN, entry.LOST, entry.BEGUN]


def test_end_of_a_run_that_was_called_lost_too_early_stands_behind(ledger: Path) -> None:
    first = begin(ledger)
    second = begin(ledger)
    end(ledger, first)
    end(ledger, second)
    begin(ledger)
    assert events(ledger) == [entry.BEGUN, entry.LOST, entry.BEGUN, entry.FINISHED, entry.FINISHED, entry.BEGUN]


def test_end_of_a_run_that_never_began_is_refused(ledger: Path) -> None:
    begin(ledger)
    with pytest.raises(Failure, match=r"^run: the ledger knows of no such run"):
        end(ledger, "0" * 32)


def test_half_a_line_is_followed_by_an_entry_that_says_so(ledger: Path) -> None:
    run = begin(ledger)
    (file,) = ledger.glob("*.jsonl")
    file.write_bytes(file.read_bytes() + b'{"payload":"eyJ')
    end(ledger, run)
    begin(ledger)
    assert events(ledger) == [entry.BEGUN, entry.TORN, entry.FINISHED, entry.BEGUN]
    assert written(ledger)[1].details == {"torn": f"sha256:{hashlib.sha256(lines(ledger)[1]).hexdigest()}"}


def test_half_a_line_is_all_there_is(ledger: Path) -> None:
    ledger.mkdir(parents=True, mode=0o700)
    ledger.parent.chmod(0o700)
    (ledger / "2026.jsonl").write_bytes(b'{"pay')
    begin(ledger)
    assert events(ledger) == [entry.TORN, entry.BEGUN]


def test_half_a_line_while_the_key_changes(ledger: Path, tmp_path: Path) -> None:
    begin(ledger)
    (file,) = ledger.glob("*.jsonl")
    file.write_bytes(file.read_bytes() + b'{"payload":"eyJ')
    begin(ledger, OWN._replace(key_file=key(tmp_path)))
    begin(ledger, OWN._replace(key_file=tmp_path / "host_key"))
    assert events(ledger)[1:3] == [entry.REKEYED, entry.TORN]


def test_line_that_lacks_nothing_but_its_end_is_kept(ledger: Path) -> None:
    run = begin(ledger)
    (file,) = ledger.glob("*.jsonl")
    file.write_bytes(file.read_bytes().removesuffix(b"\n"))
    end(ledger, run)
    assert events(ledger) == [entry.BEGUN, entry.FINISHED]


def test_line_that_is_no_entry_is_refused(ledger: Path) -> None:
    begin(ledger)
    (file,) = ledger.glob("*.jsonl")
    file.write_bytes(file.read_bytes() + b"{}\n")
    before = file.read_bytes()
    with pytest.raises(Failure, match=r"^dir: .*\.jsonl holds a line that is not an entry"):
        begin(ledger)
    assert file.read_bytes() == before


def test_new_key_is_announced_by_the_old_one(ledger: Path, tmp_path: Path) -> None:
    begin(ledger)
    host_key = OWN._replace(key_file=key(tmp_path))
    begin(ledger, host_key)
    begin(ledger)
    assert events(ledger) == [
        *(entry.BEGUN, entry.REKEYED, entry.LOST, entry.BEGUN),
        *(entry.REKEYED, entry.LOST, entry.BEGUN),
    ]
    keys = [open_line(line).keyid for line in lines(ledger)]
    assert keys[0] == keys[1] == keys[5]
    assert written(ledger)[1].details == {"key": keys[2]}
    assert keys[2] == keys[3] == keys[4]


def test_key_whose_predecessor_is_gone_is_warned_of(ledger: Path) -> None:
    begin(ledger)
    (ledger / "key").unlink()
    with book.opened(ledger, OWN) as opened:
        book.begin(opened, PLACE, adopts=False, **BEGUN)
        assert "is gone without having named its successor" in opened.warnings[0]
    assert events(ledger) == [entry.BEGUN, entry.LOST, entry.BEGUN]


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        pytest.param(lambda file: file.unlink(), "does not exist", id="missing"),
        pytest.param(lambda file: file.chmod(0o644), "key_file: ", id="readable"),
        pytest.param(lambda file: file.write_text("no key\n"), "ssh-keygen cannot sign", id="no-key"),
        pytest.param(
            lambda file: subprocess.run(
                ["ssh-keygen", "-q", "-p", "-P", "", "-N", "passphrase", "-f", str(file)], check=True
            ),
            "ssh-keygen cannot sign",
            id="passphrase",
        ),
    ],
)
def test_key_that_cannot_sign_is_refused(ledger: Path, tmp_path: Path, prepare: object, sentence: str) -> None:
    file = key(tmp_path)
    prepare(file)
    with pytest.raises(Failure, match=sentence) as refused:
        begin(ledger, OWN._replace(key_file=file))
    assert not isinstance(refused.value, Missing)  # which would stand for a directory that is not there
    assert lines(ledger) == []


def test_without_ssh_keygen_entries_are_chained_and_signed_once_it_is_there(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as bare:
        bare.setenv("PATH", str(ledger))
        begin(ledger)
        with book.opened(ledger, OWN) as opened:
            book.begin(opened, PLACE, adopts=False, **BEGUN)
            assert opened.warnings == [
                f"dir: ssh-keygen is not installed on the target, so nobody signs the ledger in {ledger}."
            ]
        assert not (ledger / "signed_with").exists()
    begin(ledger)
    envelopes = [open_line(line) for line in lines(ledger)]
    assert [read(each.payload).event for each in envelopes] == [*[entry.BEGUN, entry.LOST] * 2, entry.BEGUN]
    assert [each.keyid != "" for each in envelopes] == [False, False, False, True, True]
    assert [read(each.payload).previous for each in envelopes[1:]] == [*map(digest, lines(ledger)[:-1])]


def test_what_is_signed_is_not_continued_unsigned(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(ledger)
    before = lines(ledger)
    monkeypatch.setenv("PATH", str(ledger))
    with pytest.raises(Failure, match=r"^dir: ssh-keygen is not installed .* is signed so far"):
        begin(ledger)
    assert lines(ledger) == before


def test_named_key_without_ssh_keygen_is_refused(ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    author = OWN._replace(key_file=key(tmp_path))
    monkeypatch.setenv("PATH", str(ledger))
    with pytest.raises(Failure, match=r"^ssh-keygen \(OpenSSH 8\.1 or newer\) is needed"):
        begin(ledger, author)
    assert lines(ledger) == []


def test_clock_that_was_set_back_begins_no_older_file(ledger: Path) -> None:
    run = begin(ledger)
    (file,) = ledger.glob("*.jsonl")
    file.rename(ledger / "2999.jsonl")
    end(ledger, run)
    assert [file.name for file in ledger.glob("*.jsonl")] == ["2999.jsonl"]


def test_entries_of_a_new_year_follow_those_of_the_old_one(ledger: Path) -> None:
    run = begin(ledger)
    (file,) = ledger.glob("*.jsonl")
    file.rename(ledger / "1999.jsonl")
    end(ledger, run)
    assert len(list(ledger.glob("*.jsonl"))) == 2
    assert events(ledger) == [entry.BEGUN, entry.FINISHED]


def test_full_disk_leaves_the_file_as_it_was(ledger: Path) -> None:
    """A limit of a file's size stands in for the disk's."""
    begin(ledger)
    (file,) = ledger.glob("*.jsonl")
    before = file.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            begin(ledger)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert file.read_bytes() == before


def test_entry_that_is_too_long_for_a_line_is_refused(ledger: Path) -> None:
    run = begin(ledger)
    before = lines(ledger)
    request = {"name": "x" * 63, "accessor": "x" * 128, "creationPath": "x" * 512}
    with book.opened(ledger, OWN) as opened, pytest.raises(Failure, match=r"^entry: .* is longer than 64 KiB"):
        book.end(opened, entry.FINISHED, run, requests=[request] * 80)
    assert lines(ledger) == before


@pytest.mark.parametrize("made", ["link", "folder"])
def test_what_is_no_file_is_not_followed(ledger: Path, tmp_path: Path, made: str) -> None:
    begin(ledger)
    (file,) = ledger.glob("*.jsonl")
    shutil.move(file, tmp_path / "elsewhere")
    if made == "link":
        file.symlink_to(tmp_path / "elsewhere")
    else:
        file.mkdir()
    with pytest.raises(OSError, match=r"Too many levels|not a regular file|Is a directory"):
        begin(ledger)


def test_lines_of_any_length_are_read_from_the_end(tmp_path: Path) -> None:
    expected = [b"x" * length for length in (1, 65535, 65536, 0, 3, 60000)]
    (tmp_path / "2026.jsonl").write_bytes(b"\n".join(expected) + b"\ntail")
    directory = os.open(tmp_path, os.O_PATH)
    try:
        assert list(files.backwards(directory, "2026.jsonl")) == [b"tail", *reversed(expected)]
        assert list(files.lines(directory, "2026.jsonl")) == [*expected, b"tail"]
    finally:
        os.close(directory)
