# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let ansible-test make its virtual environments from the package index alone.

For them ansible-test downloads a script that installs pip from a site of its own, unless that script is in its cache
already. This puts one there which does the same with the pip that every Python carries.

Run it with the Python that has ansible-core, and with the ``HOME`` that ansible-test will run with.
"""

from __future__ import annotations

import re
from pathlib import Path

import ansible_test

GET_PIP = """\
import subprocess, sys

arguments = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
subprocess.check_call([sys.executable, "-m", "ensurepip"])
subprocess.check_call([sys.executable, "-m", "pip", "install", *arguments])
"""


def main() -> None:
    """Write the script under the name that the installed ansible-test looks for."""
    requirements = Path(ansible_test.__path__[0], "_internal/python_requirements.py").read_text(encoding="utf-8")
    (version,) = re.findall(r"pip='([0-9.]+)'", requirements)
    cache = Path.home() / ".ansible/test/cache"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(GET_PIP, encoding="utf-8")


if __name__ == "__main__":
    main()
