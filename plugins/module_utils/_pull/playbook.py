# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""Where ansible-pull takes the playbook from, and what of this host it goes by, as its command line says."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import subprocess
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Callable, NamedTuple, cast

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git.process import running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ansible_collections.flant.gitops.plugins.module_utils._pull.settings import Settings

_URL, _REF, _CHECKOUT = "--url=", "--checkout=", "--directory="
# Options that make ansible-pull ask for something else; argparse takes their beginnings, too.
_ASK_OTHERWISE = ("-U", "-C", "-m", "--u", "--che", "--mod", "--tr")
_RUNS_ALL_THE_SAME = ("-f", "--fo")  # what it has, where it cannot fetch or verify what is new
_INVENTORY = "--inventory="
_SYSTEM_WIDE = "/etc/ansible/ansible.cfg"
_NO_PATH_YET = re.compile(r"\A(?:-[A-Za-z]|[^/~]*[=@])(?=[/~])")
TIMEOUT = 60.0
"""After how many seconds a server that does not say where its refs stand is not waited for."""
_MOST = 1 << 16  # bytes


class Source(NamedTuple):
    """A repository, and which of its refs."""

    url: str
    ref: str


def source(command: Sequence[str]) -> Source:
    """Return where ``command``, ansible-pull with its arguments, takes the playbook from.

    Raises:
        Failure: that cannot be told.
    """
    given = [next((value[len(name) :] for value in command if value.startswith(name)), "") for name in (_URL, _REF)]
    otherwise = (*_ASK_OTHERWISE, *_RUNS_ALL_THE_SAME)
    others = [value for value in command if value.startswith(otherwise) and not value.startswith((_URL, _REF))]
    several = any(sum(value.startswith(name) for value in command) != 1 for name in (_URL, _REF))
    if several or others or not all(given):
        raise Failure("ansible-pull is told otherwise than by --url= and --checkout= what to run")
    return Source(*given)


def files(known: Settings) -> list[str]:
    """Return the files of this host that ansible-pull goes by: those that its arguments and variables name."""
    home = known.environment.get("HOME", known.directory)
    arguments = [value for value in known.command if not value.startswith((_URL, _CHECKOUT))]
    named = [path for value in arguments for path in _paths(value, home)]
    inventories = [Path(path) for value in arguments if value.startswith(_INVENTORY) for path in _paths(value, home)]
    beside = [str(path.parent / name) for path in inventories for name in ("group_vars", "host_vars")]
    variables = [path for value in known.environment.values() for path in _paths(value, home)]
    files_of_variables = [path for path in variables if not Path(path).is_dir()]
    return [*known.files, *named, *beside, *files_of_variables, f"{home}/.ansible.cfg", _SYSTEM_WIDE]


def _paths(text: str, home: str) -> list[str]:
    """Return the paths in such as ``/a``, ``-o~/a``, ``--option=/a``, ``--option=id@/a,id@/b`` and ``/a:/b``."""
    parts = [_NO_PATH_YET.sub("", part) for part in re.split("[,:]", text)]
    return [part.replace("~", home, 1) for part in parts if part.startswith(("/", "~/"))]


@contextlib.contextmanager
def asked(wanted: Source, environment: Mapping[str, str]) -> Iterator[Callable[[], str]]:
    """Ask the server of the playbook where the ref stands, and yield what waits for the answer.

    The answer is a line for each ref that the name may stand for.

    Raises:
        Failure: git cannot be started; what is yielded: there is no answer, not in time, or it is none.
    """

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # there is no AnsibleModule down here; pylint: disable=ansible-bad-function
            ["git", "ls-remote", "--quiet", "--", wanted.url, wanted.ref],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    deadline = time.monotonic() + TIMEOUT
    with running(start) as process:
        yield lambda: _answer(process, deadline)


def _answer(process: subprocess.Popen[bytes], deadline: float) -> str:
    output: IO[bytes] = cast("IO[bytes]", process.stdout)
    said = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            chunk = os.read(output.fileno(), _MOST)
            said += chunk
            if not chunk or len(said) > _MOST:
                break
        else:
            raise Failure("the server of the playbook gives no answer in time")
    with contextlib.suppress(subprocess.TimeoutExpired):
        if len(said) <= _MOST and process.wait(max(0.0, deadline - time.monotonic())) == 0 and said:
            return said.decode("utf-8", "replace")
    raise Failure("the server of the playbook does not tell where its ref stands")
