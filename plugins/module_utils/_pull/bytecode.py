# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""A packed program with its bytecode, as Python would compile each source anew at each start: a zip is not written to.

Another version of Python than the one that has compiled it takes the sources, which stay in it.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._pull.account import started_as

if TYPE_CHECKING:
    import pwd

_TAKES_AT_MOST = 60  # seconds
# The header is that of PEP 552, for bytecode that nobody compares with its source.
_COMPILE = """\
import importlib.util, io, marshal, sys, zipfile
given, made = io.BytesIO(sys.stdin.buffer.read()), io.BytesIO()
with zipfile.ZipFile(given) as sources, zipfile.ZipFile(made, "w") as archive:
    for name in sources.namelist():
        source = sources.read(name)
        header = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + importlib.util.source_hash(source)
        code = compile(source, name, "exec", dont_inherit=True)
        archive.writestr(zipfile.ZipInfo(name), source)
        archive.writestr(zipfile.ZipInfo(name + "c"), header + marshal.dumps(code))
sys.stdout.buffer.write(made.getvalue())
"""


def compiled(program: bytes, python: str, user: pwd.struct_passwd) -> bytes:
    """Return ``program``, as `archive.packed` makes it, with the bytecode of the interpreter ``python``.

    The same program and interpreter give the same bytes. Whoever runs the program compiles it, so that root does not
    run an interpreter of the ``user``'s own.

    Raises:
        Failure: the user cannot run the interpreter, or it cannot compile the program.
    """
    try:
        ran = subprocess.run(  # there is no AnsibleModule down here; pylint: disable=ansible-bad-function
            [python, "-s", "-S", "-c", _COMPILE],
            input=program,
            capture_output=True,
            env={"PYTHONHASHSEED": "0"},  # or the order of sets would be another one each time
            cwd="/",
            timeout=_TAKES_AT_MOST,
            check=False,
            **started_as(user),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(f"user: {user.pw_name} cannot run {python}: {error}.") from None
    if ran.returncode:
        said = ran.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise Failure(f"command: {python} does not take the program: {said}.")
    made: bytes = ran.stdout
    return made
