# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._vault import client
from ansible_collections.flant.gitops.plugins.module_utils._vault.request import Server

SERVER = Server("http://127.0.0.1:9", "", "", "", 1.0, 0)


def test_without_hvac_the_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_MISSING", ImportError("No module named 'six'"))

    with pytest.raises(Failure, match="hvac"), client.connect(SERVER):
        pass
