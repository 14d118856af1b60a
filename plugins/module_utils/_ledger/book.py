# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Writing the ledger: each entry follows the last one, and says in between what that left open.

Where a run was killed, its ``begun`` has no end: the next one that begins says that it is ``lost``, or that it has
taken its container up (``adopted``). Two runs at once do the same to each other; the end of a run that was called lost
too early then stands behind. Where a line was cut off, ``torn`` follows it; where the key is another one, ``rekeyed``
is put before, signed by the old one.

Where ssh-keygen is not installed and no key is named, the entries are chained and nobody signs them, until it is. What
is signed once is never continued unsigned.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._ledger import entry as entries
from ansible_collections.flant.gitops.plugins.module_utils._ledger import files, history, signing
from ansible_collections.flant.gitops.plugins.module_utils._ledger.entry import Entry
from ansible_collections.flant.gitops.plugins.module_utils._ledger.envelope import LONGEST, Envelope, digest, open_line
from ansible_collections.flant.gitops.plugins.module_utils._private_file import lock, open_regular, remove, replace
from ansible_collections.flant.gitops.plugins.module_utils._timestamp import iso8601
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import Missing, trusted_directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ansible_collections.flant.gitops.plugins.module_utils._ledger.entry import Place

_LOCK = Path("lock")
_SIGNED_WITH = Path("signed_with")
_LONGEST_PATH = 4096
_UNSIGNED = "dir: ssh-keygen is not installed on the target, so nobody signs the ledger in {path}."


class Author(NamedTuple):
    """Whoever writes: the host, the instance, what the machine's id comes to, and the key (None: the ledger's own)."""

    host: str
    instance: str
    machine: str
    key_file: Path | None


class Tail(NamedTuple):
    """The last entry, and what there is of a line behind it."""

    number: int = -1
    digest: str = entries.NO_LINE
    ledger: str = ""
    keyid: str = ""
    torn: bytes = b""


class Book:
    """The ledger of an instance, open for writing and held against everybody else."""

    def __init__(self, path: Path, directory: int, author: Author) -> None:
        """Take the directory by its path and its descriptor."""
        self._path, self._directory, self._author = path, directory, author
        self.warnings: list[str] = []
        self._tail = self._find_tail()
        if self._tail.torn:
            self._mend(self._tail.torn)

    @property
    def head(self) -> str:
        """The digest of the last line."""
        return self._tail.digest

    def newest(self) -> Iterator[Entry]:
        """Yield the entries, the last one first."""
        for _line, _keyid, entry in self._backwards():
            yield entry

    def append(self, event: str, *, run: str = "", place: Place | None = None, **details: object) -> None:
        """Add an entry, signed if it can be.

        Raises:
            Failure: it cannot be signed and has to be, or something in it does not have its form.
            OSError: it cannot be written.
        """
        envelope = self._signed(event, run, place, details)
        if self._tail.keyid not in ("", envelope.keyid):
            self._announce(envelope.keyid)
            envelope = self._signed(event, run, place, details)
        self._write(envelope.line(), envelope.keyid)
        if envelope.keyid and signed_with(self._directory) != self._key_file:
            replace(_SIGNED_WITH, os.fsencode(self._key_file), dir_fd=self._directory)

    def prune(self, years: int) -> None:
        """Delete the files of all but the newest ``years``, each once an entry says where the ledger begins then.

        Raises:
            Failure: it cannot be said.
            OSError: it cannot be written, or a file cannot be deleted.
        """
        names = files.years(self._directory)
        for name, after in zip(names[:-years], names[1:]):
            first = next(history.forwards(self._directory, after), None)
            if not first:
                return
            self.append(entries.PRUNED, begins=first.number, before=f"sha256:{first.previous}")
            remove(Path(name), dir_fd=self._directory)

    @property
    def _key_file(self) -> Path:
        return self._author.key_file or self._path / signing.KEY

    @property
    def _option(self) -> str:
        return "key_file" if self._author.key_file else "dir"

    def _signed(self, event: str, run: str, place: Place | None, details: Mapping[str, object]) -> Envelope:
        payload = self._payload(event, run, place, details)
        if not self._author.key_file and not shutil.which("ssh-keygen"):
            return self._unsigned(payload)
        try:
            return signing.sign(payload, self._key_file, self._option)
        except Missing as missing:
            if self._author.key_file:
                raise Failure(str(missing)) from None
            signing.make(self._path)
            return signing.sign(payload, self._key_file, self._option)

    def _unsigned(self, payload: bytes) -> Envelope:
        if self._tail.keyid:
            raise Failure(
                f"dir: ssh-keygen is not installed on the target, and the ledger in {self._path} is signed so far, so "
                "that nothing is added to it."
            )
        warning = _UNSIGNED.format(path=self._path)
        if warning not in self.warnings:
            self.warnings.append(warning)
        return Envelope(payload, keyid="", signature=b"")

    def _payload(self, event: str, run: str, place: Place | None, details: Mapping[str, object]) -> bytes:
        author, tail = self._author, self._tail
        entry = Entry(
            ledger=tail.ledger or os.urandom(16).hex(),
            number=tail.number + 1,
            previous=tail.digest,
            event=event,
            at=iso8601(int(time.time())),
            host=author.host,
            instance=author.instance,
            machine=author.machine,
            version=entries.VERSION,
            run=run,
            place=place,
            details=details,
        )
        try:
            return entry.payload()
        except ValueError as error:
            raise Failure(f"entry: the ledger cannot hold it: {error}.") from None

    def _announce(self, keyid: str) -> None:
        """Let the old key say which one comes after it."""
        payload = self._payload(entries.REKEYED, "", None, {"key": keyid})
        for key_file in self._old_key_files():
            with contextlib.suppress(Failure):
                envelope = signing.sign(payload, key_file, "dir")
                if envelope.keyid == self._tail.keyid:
                    self._write(envelope.line(), keyid)
                    return
        self.warnings.append(
            f"dir: the key {self._tail.keyid} of the ledger in {self._path} is gone without having named its successor "
            f"{keyid}, which whoever verifies the ledger will ask about."
        )

    def _old_key_files(self) -> Iterator[Path]:
        return (file for file in (signed_with(self._directory), self._path / signing.KEY) if file)

    def _write(self, line: bytes, keyid: str) -> None:
        """Append ``line``; ``keyid`` is the key that is to sign the next one."""
        if len(line) > LONGEST:
            raise Failure("entry: the ledger cannot hold it: it is longer than 64 KiB.")
        files.append(self._directory, self._file(), b"\n" + line if self._tail.torn else line)
        entry = entries.read(open_line(line).payload)
        self._tail = Tail(entry.number, digest(line), entry.ledger, keyid)

    def _file(self) -> str:
        """Return the name of this year's file, or of the newest where the clock was set back."""
        years = files.years(self._directory)[-1:]
        return years[0] if self._tail.torn else max([*years, f"{iso8601(int(time.time()))[:4]}.jsonl"])

    def _find_tail(self) -> Tail:
        years = files.years(self._directory)
        torn = next(self._lines(years[-1])) if years else b""
        for line, keyid, entry in self._backwards():
            after = str(entry.details["key"]) if entry.event == entries.REKEYED else keyid
            return Tail(entry.number, digest(line), entry.ledger, after, torn)
        return Tail(torn=torn)

    def _mend(self, torn: bytes) -> None:
        """End a line that was cut off, and say so unless nothing but its line feed was missing."""
        try:
            entries.read(open_line(torn).payload)
        except ValueError:
            self.append(entries.TORN, torn=f"sha256:{digest(torn)}")
        else:
            files.append(self._directory, files.years(self._directory)[-1], b"")
            self._tail = self._find_tail()

    def _backwards(self) -> Iterator[tuple[bytes, str, Entry]]:
        """Yield the lines with their keys and entries, the last one first; what was torn is passed over."""
        expected = ""
        for name in reversed(files.years(self._directory)):
            for index, line in enumerate(self._lines(name)):
                if not index or (expected and expected == digest(line)):
                    continue
                try:
                    envelope = open_line(line)
                    entry = entries.read(envelope.payload)
                except ValueError as error:
                    raise Failure(
                        f"dir: {self._path / name} holds a line that is not an entry ({error}); nothing is added. Move "
                        f"{self._path} elsewhere to begin a new ledger, and have both verified."
                    ) from None
                if entry.event != entries.REKEYED:  # it may stand in between
                    expected = str(entry.details.get("torn", "")).removeprefix("sha256:")
                yield line, envelope.keyid, entry

    def _lines(self, name: str) -> Iterator[bytes]:
        try:
            yield from files.backwards(self._directory, name)
        except ValueError as error:
            raise Failure(f"dir: {self._path / name} holds a line that is not an entry: {error}.") from None


@contextlib.contextmanager
def opened(path: Path, author: Author) -> Iterator[Book]:
    """Yield the ledger in the directory ``path``, made if it is missing.

    Raises:
        Failure: others could change it, or it holds what is no entry.
        OSError: it cannot be read or written.
    """
    with trusted_directory(path, "dir", create=True) as directory, lock(_LOCK, dir_fd=directory):
        yield Book(path, directory, author)


@contextlib.contextmanager
def continued(path: Path) -> Iterator[Book | None]:
    """Yield the ledger in ``path``, to be written as by whoever wrote last and with the same key; None: it is empty.

    An operator may call the host otherwise than its schedule does, and know nothing of its key.

    Raises:
        Missing: there is no such directory.
        Failure: others could change it, or it holds what is no entry.
        OSError: it cannot be read or written.
    """
    with trusted_directory(path, "dir") as directory, lock(_LOCK, dir_fd=directory):
        author = _last_author(path, directory)
        yield Book(path, directory, author) if author else None


def _last_author(path: Path, directory: int) -> Author | None:
    for _line, _envelope, entry in history.backwards(directory):
        key_file = signed_with(directory)
        own = key_file in (None, path / signing.KEY)
        return Author(entry.host, entry.instance, entry.machine, None if own else key_file)
    return None


def signed_with(directory: int) -> Path | None:
    """Return the file of the key that has signed the last entry in ``directory``, a descriptor; None: nobody knows.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with os.fdopen(open_regular(_SIGNED_WITH, dir_fd=directory), "rb") as file:
            return Path(os.fsdecode(file.read(_LONGEST_PATH)))
    except FileNotFoundError:
        return None


def begin(book: Book, place: Place, *, adopts: bool, **details: object) -> str:
    """Say that a run begins; return its id, that of the last run where it goes on with what this has left.

    Args:
        book: the ledger.
        place: the commit.
        adopts: whether it takes up a container, which the last run has left: one that has not ended, or one that has
            told what its commands came to.
        details: what there is to say of a run that begins.

    Raises:
        Failure: it cannot be said.
        OSError: it cannot be written.
    """
    last, end_of_it = _last_run(book)
    if adopts and last and last.place == place and (not end_of_it or "rc" in end_of_it.details):
        return take_up(book, place) or last.run
    if last and not end_of_it:
        book.append(entries.LOST, run=last.run, place=last.place)
    run = os.urandom(16).hex()
    book.append(entries.BEGUN, run=run, place=place, **details)
    return run


def take_up(book: Book, place: Place) -> str:
    """Say that the container of the last run is taken up, if that has no end and is about ``place``; return its id.

    Raises:
        Failure: it cannot be said.
        OSError: it cannot be written.
    """
    last, end_of_it = _last_run(book)
    if not last or end_of_it or last.place != place:
        return ""
    book.append(entries.ADOPTED, run=last.run, place=place)
    return last.run


def end(book: Book, event: str, run: str, **details: object) -> None:
    """Say how ``run`` has ended, unless that is said already.

    Raises:
        Failure: no such run has begun, or it cannot be said.
        OSError: it cannot be written.
    """
    for entry in book.newest():
        if entry.run == run and entry.event in entries.ENDS:
            return
        if entry.run == run and entry.event != entries.LOST:
            book.append(event, run=run, place=entry.place, **details)
            return
    raise Failure("run: the ledger knows of no such run.")


def _last_run(book: Book) -> tuple[Entry | None, Entry | None]:
    """Return how the last run has begun, and how it has ended, if it has; those before were called lost then."""
    ended: dict[str, Entry] = {}
    for entry in book.newest():
        if entry.event in entries.ENDS:
            ended[entry.run] = entry
        elif entry.event in (entries.BEGUN, entries.ADOPTED):
            return entry, ended.get(entry.run)
    return None, None
