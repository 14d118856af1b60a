# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to this collection: it may change without notice.
"""A schedule of the role, checked before anything is installed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.flant.gitops.plugins.module_utils._duration import parse_duration
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._instance import check_instance
from ansible_collections.flant.gitops.plugins.module_utils._pull import repository
from ansible_collections.flant.gitops.plugins.plugin_utils import _cron, _schedule_collections, _values
from ansible_collections.flant.gitops.plugins.plugin_utils._keys import check_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_PATH = re.compile(repository.PLAIN_PATH)
_PATH_IN_WORDS = "must be an absolute path of letters, digits, '/', '.', '_' and '-'"
# Variable -> what all of it must match, and that in words.
_FORMS = {
    "work_dir": (_PATH.pattern, f"it {_PATH_IN_WORDS}"),
    "schedule_ansible_pull": (rf"|{_PATH.pattern}", f"it {_PATH_IN_WORDS}"),
    "schedule_metrics_dir": (rf"|{_PATH.pattern}", f"it {_PATH_IN_WORDS}"),
    "schedule_repo_url": (
        r"[A-Za-z0-9/~][A-Za-z0-9@:/._~+%=-]*",
        "it must be a URL or a path of letters, digits and '@:/._~+%=-', which ansible-pull can pass on",
    ),
    "schedule_branch": (
        r"[A-Za-z0-9][A-Za-z0-9/._-]*",
        "it must begin with a letter or digit and go on with these, '/', '.', '_' or '-'",
    ),
    "schedule_playbook": (
        r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9/._-]*",
        "it must be a path within the repository, of letters, digits, '/', '.', '_' and '-'",
    ),
    "schedule_inventory": (
        r"[A-Za-z0-9/._][A-Za-z0-9/._,-]*",
        "it must be a path or a list of hosts with a comma, of letters, digits and '/._,-'",
    ),
    "schedule_user": (
        r"[a-z_][a-z0-9_-]*",
        "it must be the name of a user",
    ),
    "schedule_trigger_group": (
        r"[a-z_][a-z0-9_-]*",
        "it must be the name of a group",
    ),
    "schedule_on_calendar": (
        r"[A-Za-z0-9 :*/.,~+_-]+",
        "it must be a calendar event as systemd knows them, such as '*:0/5'",
    ),
    "schedule_cron": (
        r"[A-Za-z0-9*/,-]+( [A-Za-z0-9*/,-]+){4}",
        "it must be five fields as cron knows them, such as '*/5 * * * *'",
    ),
}
_ACCESS = tuple(name for name in repository.Repository._fields if name != "url")
_TEXTS = (
    *_FORMS,
    *(f"schedule_{name}" for name in _ACCESS),
    *("schedule_randomized_delay", "schedule_timeout", "schedule_full_every"),
)
_NAMES = ("work_dir", "schedule_user")  # what is needed, beside the instance, to find a schedule again
_PASSWORD = re.compile(r"\w+://[^/@]*:[^/@]*@")
_FORCE = ("-f", "--fo")  # argparse takes the beginning of a name for it
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _forms(config: Mapping[str, Any], names: Iterable[str]) -> None:
    for name in names:
        form, words = _FORMS[name]
        if not re.fullmatch(form, config[name]):
            raise Failure(f"{name}: {words}.")


def _repository(config: Mapping[str, Any]) -> None:
    if not config["schedule_repo_url"]:
        raise Failure(
            "schedule_repo_url: it is needed; it names the repository that ansible-pull takes the playbook from."
        )
    if _PASSWORD.match(config["schedule_repo_url"]):
        raise Failure("schedule_repo_url: it must hold no password, which ansible-pull would print; use an SSH key.")
    access = {name: config[f"schedule_{name}"] for name in _ACCESS}
    try:
        repository.refuse(repository.Repository(config["schedule_repo_url"], **access))
    except Failure as failure:
        raise Failure(f"schedule_{str(failure).removeprefix(repository.PREFIX)}") from None
    for name in config["schedule_environment"]:
        if any(access.values()) and name.startswith("GIT_"):
            raise Failure(f"schedule_environment[{name!r}]: how git gets to the repository is told by other variables.")


def _times(config: Mapping[str, Any]) -> None:
    if config["schedule_randomized_delay"]:
        _whole_seconds(config, "schedule_randomized_delay")
    if config["schedule_full_every"]:
        _whole_seconds(config, "schedule_full_every")
    if not _whole_seconds(config, "schedule_timeout"):
        raise Failure("schedule_timeout: it must be more than no time at all.")


def _whole_seconds(config: Mapping[str, Any], name: str) -> float:
    seconds = parse_duration(config[name], name)
    if seconds != int(seconds):
        raise Failure(f"{name}: it must be a whole number of seconds.")
    return seconds


def _extras(config: Mapping[str, Any]) -> None:
    if config["schedule_trigger"] and config["schedule_trigger_group"] == "root" != config["schedule_user"]:
        raise Failure("schedule_trigger_group: it must be another group than root's, as the service's user is in it.")
    for path in _values.texts(config["schedule_read_write_paths"], "schedule_read_write_paths"):
        if not _PATH.fullmatch(path):
            raise Failure(f"schedule_read_write_paths: {path!r} {_PATH_IN_WORDS}.")
    for argument in _values.texts(config["schedule_arguments"], "schedule_arguments"):
        if _CONTROL.search(argument):
            raise Failure("schedule_arguments: an argument must hold no control characters.")
    for name, value in config["schedule_environment"].items():
        if not _VARIABLE.fullmatch(name):
            raise Failure(f"schedule_environment: {name!r} is not the name of a variable.")
        if _CONTROL.search(str(value)):
            raise Failure(f"schedule_environment[{name!r}]: it must hold no control characters.")


def _collections(config: Mapping[str, Any]) -> None:
    _schedule_collections.refuse(config["schedule_collections"], config["schedule_environment"])
    if config["schedule_collections"] and config["schedule_user"] != "root":
        raise Failure("schedule_collections: root installs them by ansible-galaxy of schedule_user, who must be root.")


def _outside_the_checkout(config: Mapping[str, Any]) -> None:
    """Refuse what leads into the checkout, where ansible-pull brings a commit before it verifies it."""
    checkout = re.escape(f"{config['work_dir']}/{config['instance']}/checkout")
    inside = re.compile(rf"(?:{checkout}|(?<![\w/.-])(?:\./)*checkout)(?:/|$)")
    texts = {
        "schedule_inventory": config["schedule_inventory"],
        "schedule_ansible_pull": config["schedule_ansible_pull"],
        **{f"schedule_{name}": config[f"schedule_{name}"] for name in _ACCESS},
        **{f"schedule_arguments[{index}]": each for index, each in enumerate(config["schedule_arguments"])},
        **{f"schedule_environment[{name!r}]": each for name, each in config["schedule_environment"].items()},
    }
    for name, text in texts.items():
        if inside.search(str(text)):
            raise Failure(f"{name}: it must name nothing in the checkout, which is changed before it is verified.")


def _verified(config: Mapping[str, Any]) -> None:
    """Refuse what makes ansible-pull run a commit that it could not verify."""
    for index, argument in enumerate(config["schedule_arguments"]):
        if argument.startswith(_FORCE):
            raise Failure(f"schedule_arguments[{index}]: with {argument} ansible-pull runs what it could not verify.")


def refusal(config: Mapping[str, Any]) -> str:
    """Return why ``config`` cannot work, or an empty text."""
    try:
        check_instance(config["instance"])
        config = _values.with_texts(config, _TEXTS)
        if config["schedule_state"] == "absent":
            _forms(config, _NAMES)
            return ""
        _repository(config)
        _forms(config, _FORMS)
        _times(config)
        _cron.check(config["schedule_cron"])
        check_keys(config["schedule_trusted_pgp_public_keys"], "schedule_trusted_pgp_public_keys")
        _extras(config)
        _collections(config)
        if config["schedule_trusted_pgp_public_keys"]:
            _outside_the_checkout(config)
            _verified(config)
    except Failure as failure:
        return f"flant_gitops_{failure}"
    return ""
