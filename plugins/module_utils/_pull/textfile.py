# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The instance's file in the folder of node_exporter's textfile collector."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._private_file import remove
from ansible_collections.flant.gitops.plugins.module_utils._public_file import publish, remove_unfinished
from ansible_collections.flant.gitops.plugins.module_utils._trusted_path import trusted_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPTION = "flant_gitops_schedule_metrics_dir"


def check(folder: str) -> None:
    """Refuse a folder that metrics cannot be written to, or must not.

    Raises:
        Failure: others could change it, or it cannot be written to.
    """
    with _opened(folder) as directory:
        if not os.access(os.curdir, os.W_OK, dir_fd=directory, effective_ids=True):
            raise Failure(f"{_OPTION}: {folder} cannot be written to by the user of the schedule.")


def write(folder: str, instance: str, metrics: bytes) -> None:
    """Put ``metrics`` in the place of those before.

    Raises:
        Failure: as `check`, or the disk is full.
    """
    with _opened(folder) as directory:
        publish(_name(instance), metrics, directory)


def delete(folder: str, instance: str) -> None:
    """Delete the metrics of an instance.

    Raises:
        Failure: as `check`.
    """
    with _opened(folder) as directory:
        remove(Path(_name(instance)), dir_fd=directory)
        remove_unfinished(_name(instance), directory)


def _name(instance: str) -> str:
    return f"flant_gitops_{instance}.prom"


@contextlib.contextmanager
def _opened(folder: str) -> Iterator[int]:
    try:
        with trusted_directory(Path(folder), _OPTION) as directory:
            yield directory
    except OSError as error:
        raise Failure(f"{_OPTION}: {folder} cannot be used: {error.strerror}.") from error
