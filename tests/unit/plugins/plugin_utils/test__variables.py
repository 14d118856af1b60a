# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.flant.gitops.plugins.plugin_utils._variables import CONTAINER, GIT, VAULT, Module


@pytest.mark.parametrize(
    ("module", "sentence", "told"),
    [
        (GIT, "repo: it is not a URL.", "flant_gitops_git_repo_url: it is not a URL."),
        (
            GIT,
            "trusted_keys[0]: it is expired.",
            "flant_gitops_trusted_pgp_public_keys[0]: it is expired.",
        ),
        (
            GIT,
            "username, password: one goes with the other.",
            "flant_gitops_git_username, flant_gitops_git_password: one goes with the other.",
        ),
        (
            GIT,
            "The branch main needs ca_cert_file.",
            "The branch main needs flant_gitops_git_ca_cert_file.",
        ),
        (GIT, "git_dir: it is not ours.", "git_dir: it is not ours."),
        (CONTAINER, "image: 'a' is not pinned.", "flant_gitops_docker_image: 'a' is not pinned."),
        (CONTAINER, "commands: there are none.", "flant_gitops_commands: there are none."),
        (CONTAINER, "name: it is taken.", "name: it is taken."),
        (VAULT, "requests[0] ('a'): refused.", "flant_gitops_vault_requests[0] ('a'): refused."),
        (VAULT, "vault_addr: refused.", "flant_gitops_vault_addr: refused."),
    ],
)
def test_r25_sentence_names_the_variables(module: Module, sentence: str, told: str) -> None:
    assert module.reword(sentence) == told


@pytest.mark.parametrize("option", ["docker_host", "tls_ca_cert", "tls_client_cert", "tls_client_key"])
def test_c20_options_that_sentences_about_the_engine_name_are_variables(option: str) -> None:
    assert CONTAINER.variable(option)
