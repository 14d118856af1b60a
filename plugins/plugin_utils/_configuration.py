# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""The role's configuration, checked as a whole by the rules of the modules that it is for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.flant.gitops.plugins.module_utils._container.request import Request as ContainerRequest
from ansible_collections.flant.gitops.plugins.module_utils._duration import parse_duration
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._git import url
from ansible_collections.flant.gitops.plugins.module_utils._git.environment import Access
from ansible_collections.flant.gitops.plugins.module_utils._instance import check_instance
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.credentials import completed
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.pace import pace
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import Request as GitRequest
from ansible_collections.flant.gitops.plugins.module_utils._signed_commit.request import check_access
from ansible_collections.flant.gitops.plugins.module_utils._vault.request import Request as VaultRequest
from ansible_collections.flant.gitops.plugins.plugin_utils import _values
from ansible_collections.flant.gitops.plugins.plugin_utils._keys import trusted
from ansible_collections.flant.gitops.plugins.plugin_utils._variables import CONTAINER, GIT, PREFIX, VAULT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ansible_collections.flant.gitops.plugins.plugin_utils._variables import Module

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# Of what stands within an option, Ansible's sentences name it first and the option behind it, or both with a dot.
_AT_FAULT = re.compile(r"^(\w+)\.\w+\. Supported|[Aa]rgument '(\w+)'|[Vv]alue of (\w+)|found in '?(\w+)")
# What the role adds to the options when it calls the modules; here it only has to be sound.
_GIT_OWN = {"action": "record", "git_dir": "/git_dir", "last_commit": "0" * 40}
_CONTAINER_OWN = {"action": "prepare", "name": "flant_gitops"}
_TEXTS = (
    *("git_poll_period", "initial_last_successful_commit", "ledger_key_file", "retry_delay", "retry_max_delay"),
    *("window_override", "work_dir"),
)
_NUMBERS = ("keep_logs", "keep_ledger", "log_runs", "max_attempts")


def refusal(config: Mapping[str, Any]) -> str:
    """Return why ``config`` cannot work, or an empty text.

    Args:
        config: the variables that no module takes, without their prefix, and what the modules are to be given as
            ``git``, ``container`` and ``vault``; without ``git`` only the place of the instance is looked at, and what
            the entry point itself wants, if that is there: why and by whom the instance is to be held, how many
            outputs to print, or which commit to set.
    """
    checks = (_place, _operation, _git, _container, _vault) if "git" in config else (_place, _suspension, _log, _reset)
    try:
        config = _values.with_texts(config, _TEXTS, PREFIX)
        config = {**config, **{name: int(config[name] or 0) for name in _NUMBERS if name in config}}
        for check in checks:
            check(config)
    except Failure as failure:
        return str(failure)
    return ""


def _place(config: Mapping[str, Any]) -> None:
    try:
        check_instance(config["instance"])
    except Failure as failure:
        raise Failure(f"{PREFIX}{failure}") from failure
    if not config["work_dir"].startswith("/"):
        raise Failure("flant_gitops_work_dir: it must be an absolute path.")


def _suspension(config: Mapping[str, Any]) -> None:
    if "suspend_reason" not in config:
        return
    from ansible_collections.flant.gitops.plugins.module_utils._ledger.mark import line

    try:
        line(_values.text(config["suspend_reason"], "reason"), config["by"], "0000-00-00T00:00:00Z")
    except Failure as failure:
        raise Failure(f"{PREFIX}suspend_{failure}") from failure


def _log(config: Mapping[str, Any]) -> None:
    if config.get("log_runs", 1) < 1:
        raise Failure("flant_gitops_log_runs: it must be at least 1.")


def _reset(config: Mapping[str, Any]) -> None:
    if config.get("reset_commit") == "":
        raise Failure(
            "flant_gitops_reset_commit: nothing was changed; set the full id of the commit that is to count as "
            "processed, or none to forget what was."
        )


def _operation(config: Mapping[str, Any]) -> None:
    for name in ("keep_logs", "keep_ledger"):
        if config[name] < 0:
            raise Failure(f"flant_gitops_{name}: it must not be negative.")
    if config["ledger_key_file"] and not config["ledger_key_file"].startswith("/"):
        raise Failure("flant_gitops_ledger_key_file: it must be an absolute path.")
    parse_duration(config["git_poll_period"], "flant_gitops_git_poll_period")
    pace(config, PREFIX)
    for name in ("initial_last_successful_commit", "window_override"):
        if config[name] and not _COMMIT.fullmatch(config[name]):
            raise Failure(f"{PREFIX}{name}: it must be the full id of a commit.")
    if config["windows"] or config["freezes"]:
        from ansible_collections.flant.gitops.plugins.plugin_utils._windows import calendar

        calendar(config["windows"], config["freezes"])
    if config["on_end"]:
        from ansible_collections.flant.gitops.plugins.plugin_utils._on_end import check_on_end

        check_on_end(config["on_end"])


def _git(config: Mapping[str, Any]) -> None:
    who = trusted(config["trusted_signers"], config["trusted_pgp_public_keys"])
    options = {**config["git"], "trusted_signers": who.trusted_signers, "trusted_keys": who.trusted_keys}
    params = _params(GIT, options, _GIT_OWN)
    try:
        _access(params)
        GitRequest.from_params(params, check_mode=True).check_trust()
    except Failure as failure:
        raise Failure(GIT.reword(who.reword(str(failure)))) from failure


def _access(params: Mapping[str, Any]) -> None:
    """Check how the repository is reached; the files are the target's, so that only their names can be looked at."""
    access = Access(
        url=url.parse(params["repo"] or "", "repo"),
        username=params["username"] or "",
        password=params["password"] or "",
        ssh_key_file=params["ssh_key_file"] or "",
        ssh_known_hosts_file=params["ssh_known_hosts_file"] or "",
    )
    check_access(completed(access, params, read=False), params["required_signatures"])


def _container(config: Mapping[str, Any]) -> None:
    _values.texts(config["container"]["commands"], CONTAINER.variable("commands"))
    _check(ContainerRequest, CONTAINER, _params(CONTAINER, config["container"], _CONTAINER_OWN))


def _vault(config: Mapping[str, Any]) -> None:
    options = config["vault"]
    if options["vault_addr"]:
        _check(VaultRequest, VAULT, _params(VAULT, options, {}))
    for option, value in options.items():
        if value and not options["vault_addr"] and not VAULT.spec[option].get("default"):
            raise Failure(f"flant_gitops_vault_addr: it is needed where {VAULT.variable(option)} is set.")


def _check(request: type[ContainerRequest | VaultRequest], module: Module, params: Mapping[str, Any]) -> None:
    try:
        request.from_params(params, check_mode=True)
    except Failure as failure:
        raise Failure(module.reword(str(failure))) from failure


def _params(module: Module, options: Mapping[str, Any], own: Mapping[str, object]) -> dict[str, Any]:
    """Return the parameters that ``module`` would make of ``options``.

    Raises:
        Failure: it would take one of them for something else than it looks like, or not at all.
    """
    given = {
        option: _values.strict(value, module.spec[option], module.variable(option) or option)
        for option, value in options.items()
    }
    validated = ArgumentSpecValidator(module.spec).validate({**given, **own})
    if validated.error_messages:
        raise Failure(_reworded(module, validated.error_messages[0]))
    return dict(validated.validated_parameters)


def _reworded(module: Module, sentence: str) -> str:
    """Return Ansible's ``sentence`` about an option with the variable at fault in front."""
    names = [name for found in _AT_FAULT.findall(sentence) for name in found if name]
    variables = [module.variable(name) for name in names if module.variable(name)]
    return f"{variables[-1]}: {sentence}" if variables else module.reword(sentence)
