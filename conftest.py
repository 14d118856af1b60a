# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let pytest, and all that it starts, find the collection under its name, wherever the clone lies."""

from __future__ import annotations

import os
import sys
from pathlib import Path

COLLECTION = Path(__file__).absolute().parent
sys.path.insert(0, str(COLLECTION / "tests"))
from tree import collections  # noqa: E402 -- it lies beside the tests

sys.path[0] = str(collections())
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [sys.path[0], os.environ.get("PYTHONPATH")]))
