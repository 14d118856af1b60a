# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Import the tarball that is named as Galaxy and Automation Hub do, and count a warning as a failure.

The collection is installed nowhere, as there: what it refers to by its own name has to be found in the tarball.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile

WHERE_COLLECTIONS_ARE = ("ANSIBLE_COLLECTIONS_PATH", "PYTHONPATH")


def main() -> int:
    """Return 1 unless galaxy-importer has nothing to say against the tarball."""
    environment = {
        **{name: value for name, value in os.environ.items() if name not in WHERE_COLLECTIONS_ARE},
        "GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "yes",  # as Automation Hub asks
        "GALAXY_IMPORTER_REQUIRE_V1_OR_GREATER": "yes",
    }
    command = [sys.executable, "-m", "galaxy_importer.main", sys.argv[1]]
    with tempfile.TemporaryDirectory() as home:
        environment["HOME"] = home
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    output = result.stdout + result.stderr
    print(output)
    return 1 if result.returncode or re.search("^(WARNING|ERROR)", output, re.MULTILINE) else 0


if __name__ == "__main__":
    sys.exit(main())
