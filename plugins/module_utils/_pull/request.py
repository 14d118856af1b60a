# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""What a task asks of the module ``scheduled_pull``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._pull.repository import Repository, refuse
from ansible_collections.flant.gitops.plugins.module_utils._pull.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


@dataclass(frozen=True)
class Request:
    """The options; the ``settings`` only matter if the program shall be ``present``, and lack the interpreter.

    Where nobody has said how often a run is a whole one, that ``is_kept`` as it is; what was there before may tell.
    """

    present: bool
    folder: Path
    settings: Settings
    is_kept: bool
    before: tuple[Path, ...]
    check_mode: bool

    @classmethod
    def from_params(cls, params: Mapping[str, Any], *, check_mode: bool) -> Request:
        """Return the request that ``params`` make.

        Raises:
            Failure: the command is missing, or what is said of the repository does not go together.
        """
        present = params["state"] == "present"
        if present and not params["command"]:
            raise Failure("command: it is needed to install a program.")
        repository = Repository(**{name: value or "" for name, value in (params["repository"] or {}).items()})
        refuse(repository)
        return cls(
            present=present,
            folder=Path(params["dir"]),
            settings=Settings(
                instance=params["instance"],
                directory=params["instance_dir"] or "",
                user=params["user"],
                python="",
                command=tuple(params["command"]),
                environment={str(name): str(value) for name, value in params["environment"].items()},
                repository=repository,
                timeout=params["timeout"],
                delay=params["delay"],
                metrics_dir=params["metrics_dir"] or "",
                trigger=params["trigger"] or "",
                keeps_log=params["keep_log"],
                full_every=params["full_every"] or 0,
                files=tuple(params["files"]),
            ),
            is_kept=params["full_every"] is None,
            before=tuple(Path(path) for path in params["takes_over"]),
            check_mode=check_mode,
        )
