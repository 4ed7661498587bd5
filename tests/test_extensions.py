"""What a user adds from outside: clauses in a file, a module or a package, and requests.

What cannot be loaded is one sentence that says where.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from conformance.cases.documented import all_cases
from conformance.cases.own_requests import OwnRequestError, OwnRequests, read_own_requests
from conformance.clauses import extensions, registry
from conformance.clauses.extensions import ExtensionError, load_installed, load_plugins
from conformance.cli import app
from conformance.contract import OUTSIDE_SOURCES, CitedSource, load_edition
from conformance.results.run_file import Run, read_run
from tests.processes import command, run_pytest

CLAUSE = '''
from conformance.clauses.bindings import accepted
from conformance.clauses.extensions import define_source
from conformance.clauses.registry import Level, clause, cite
from conformance.clauses.subject import Problem

define_source("acme-sla", "Acme: service level", "https://acme.example/sla",
              edition="2026-09-01", retrieved="2026-11-01")

@clause("acme.in-time", Level.MUST, "It comes within LIMIT s.",
        cite("acme-sla", "2."), binds=accepted)
def in_time(subject):
    """Compares the time of the exchange."""
    if (subject.exchange.elapsed or 0) > LIMIT:
        yield Problem("the answer took too long", "LIMIT s", f"{subject.exchange.elapsed:.1f} s")
'''
REQUESTS = """
[[request]]
id = "banner"
expect = "{banner}"
says = "Acme's contract, section 4"
body = {{prompt = "A red lantern", size = "512x512", user = "acme-4711"}}

[[request]]
id = "no-watercolour"
expect = "refused"
body = {{prompt = "A red lantern", size = "watercolour"}}
"""


@pytest.fixture(autouse=True)
def _isolated_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let what a test registers be gone after it."""
    clauses = dict(registry.REGISTRY)
    for module in (registry, extensions):
        monkeypatch.setattr(module, "REGISTRY", clauses)
    monkeypatch.setitem(OUTSIDE_SOURCES, "acme-sla", None)
    yield
    sys.modules.pop("image_conformance_plugin_acme", None)


def file(folder: Path, text: str = CLAUSE, name: str = "acme.py") -> str:
    path = folder / name
    path.write_text(text.replace("LIMIT", "60"))
    return str(path)


def verdicts(run: Run, clause: str) -> set[str]:
    return {finding.verdict.value for finding in run.findings if finding.clause == clause}


@pytest.mark.parametrize(
    ("limit", "banner", "verdict", "code"),
    [("60", "accepted", "pass", 0), ("-1", "refused", "fail", 1)],
)
def test_clause_of_a_file_and_requests_of_another_are_sent_and_judged(
    limit: str, banner: str, verdict: str, code: int, tmp_path: Path
) -> None:
    (tmp_path / "acme.py").write_text(CLAUSE.replace("LIMIT", limit))
    (tmp_path / "mine.toml").write_text(REQUESTS.format(banner=banner))
    options = ["--plugin", "./acme.py", "--requests", "mine.toml", "--cases", "own-*"]
    words = ["run", "--models", "dall-e-2", "-o", "run.jsonl", "--quiet", *options]
    process = command(tmp_path, *words)
    run = read_run(tmp_path / "run.jsonl")
    assert process.returncode == code, process.stderr
    assert verdicts(run, "acme.in-time") == verdicts(run, "own.banner") == {verdict}
    assert verdicts(run, "own.no-watercolour") == {"pass"}
    assert verdicts(run, "image.size-as-asked") == {"pass"}
    outside = {record.id: record for record in run.header.clauses if record.outside}
    assert {"acme.in-time", "own.banner"} <= outside.keys()
    assert outside["acme.in-time"].citations[0].title == "Acme: service level"


def test_clause_of_a_file_is_a_pytest_item(tmp_path: Path) -> None:
    words = ["--pyargs", "conformance.suite.test_promises", "--provider=reference", "--live", "-v"]
    words += ["--models=dall-e-2", "--cases=baseline", f"--plugin={file(tmp_path)}", "-n", "0"]
    process = run_pytest(tmp_path, *words, "-k", "acme.in-time")
    assert "1 passed, " in process.stdout
    assert "dall-e-2/baseline" in process.stdout


def test_explain_and_plan_speak_of_what_comes_from_outside(tmp_path: Path) -> None:
    process = command(tmp_path, "explain", "acme.in-time", "--plugin", file(tmp_path))
    assert "https://acme.example/sla" in process.stdout
    (tmp_path / "mine.toml").write_text(REQUESTS.format(banner="accepted"))
    words = ["plan", "--provider", "reference", "--models", "dall-e-2", "--requests", "mine.toml"]
    assert "own-banner" in command(tmp_path, *words).stdout


def test_file_registers_its_clauses_and_sources_once(tmp_path: Path) -> None:
    path = file(tmp_path)
    load_plugins([path, path])
    assert registry.REGISTRY["acme.in-time"].statement == "It comes within 60 s."
    assert OUTSIDE_SOURCES["acme-sla"] == CitedSource(
        "acme-sla", "Acme: service level", "https://acme.example/sla", "2026-09-01", "2026-11-01"
    )
    assert sys.modules["image_conformance_plugin_acme"].__file__ == path


def test_module_is_imported_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    file(tmp_path, name="acme_by_name.py")
    load_plugins(["acme_by_name"])
    assert "acme.in-time" in registry.REGISTRY


def test_installed_package_needs_no_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    file(tmp_path, name="acme_installed.py")
    facts = tmp_path / "acme_clauses-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-clauses\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[image_conformance.clauses]\nacme = acme_installed\n")
    load_installed.cache_clear()
    CliRunner().invoke(app, ["list", "--clauses", "count.*"], catch_exceptions=False)
    load_installed.cache_clear()
    assert "acme.in-time" in registry.REGISTRY
    entry_point = EntryPoint("acme", "acme_gone", "image_conformance.clauses")
    monkeypatch.setattr(extensions, "entry_points", lambda **_: [entry_point])
    with pytest.raises(ExtensionError, match="plugin 'acme_gone': no such module is installed"):
        load_installed()


LOAD = "cannot be loaded: "
NO_VALUE = "JSONDecodeError: Expecting value: line 1 column 1 (char 0)"
NO_ID = "'Acme' is no id of a clause; write chapter.name in small letters, digits and '-', as in "
UNCITED = "clause acme.in-time cites nothing; cite who promises it, a source of the edition or one"
FAULTS = {
    "syntax": ("\n\ndef f(:", f"{LOAD}SyntaxError: invalid syntax (line 3 of acme.py)"),
    "called-in-c": ("import math\nmath.sqrt(-1)",
                    f"{LOAD}ValueError: math domain error (line 2 of acme.py)"),
    "called": ("import json\njson.loads('')", f"{LOAD}{NO_VALUE} (line 2 of acme.py)"),
    "import": ("import nothing",
               f"{LOAD}ModuleNotFoundError: No module named 'nothing' (line 1 of acme.py)"),
    "exit": ("raise SystemExit(7)", f"{LOAD}SystemExit: 7 (line 1 of acme.py)"),
    "id": (CLAUSE.replace("acme.in-time", "Acme"), f"{NO_ID}acme.answers-in-time"),
    "uncited": (CLAUSE.replace('cite("acme-sla", "2."), ', ""), f"{UNCITED} of define_source"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_plugin_that_fails_is_one_sentence(name: str, tmp_path: Path) -> None:
    text, message = FAULTS[name]
    path = file(tmp_path, text)
    with pytest.raises(ExtensionError) as excinfo:
        load_plugins([path])
    colon = " " if message.startswith(LOAD) else ": "
    assert str(excinfo.value) == f"plugin {path!r}{colon}{message}"
    assert excinfo.value.__suppress_context__ or not message.startswith(LOAD)


def test_plugin_with_a_known_id_or_endless_words_is_told_shortly(tmp_path: Path) -> None:
    with pytest.raises(ExtensionError, match="twice"):
        load_plugins([file(tmp_path, CLAUSE.replace("acme.in-time", "count.as-asked"))])
    with pytest.raises(ExtensionError, match=r"x{250,290}… \("):
        load_plugins([file(tmp_path, "raise ValueError('x' * 400)", "acme_long.py")])


def test_plugin_that_is_missing_or_no_python_is_one_sentence(tmp_path: Path) -> None:
    missing_path, text_path = str(tmp_path / "gone.py"), file(tmp_path, "", "clauses.txt")
    gone = (
        "plugin 'acme_gone.deep': no such module is installed; a file is named by its path, as in"
    )
    for name, message in (
        (missing_path, f"plugin {missing_path!r} cannot be read: No such file or directory"),
        (text_path, "ImportError: is no Python file: its name must end in .py"),
        ("acme_gone.deep", f"{gone} --plugin ./acme_gone.deep.py"),
    ):
        with pytest.raises(ExtensionError) as excinfo:
            load_plugins([name])
        assert str(excinfo.value).endswith(message)


def test_module_with_a_fault_in_its_syntax_names_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    file(tmp_path, "x = (", "acme_inner.py")
    file(tmp_path, "import acme_inner", "acme_outer.py")
    for name in ("acme_inner", "acme_outer"):
        with pytest.raises(ExtensionError, match=r"closed \(line 1 of acme_inner\.py\)$"):
            load_plugins([name])


def own(folder: Path, request: dict[str, Any]) -> OwnRequests:
    path = folder / "mine.json"
    path.write_text(json.dumps({"request": [request]}))
    return read_own_requests(path)


def test_own_request_that_a_case_sends_already_is_not_sent_again(tmp_path: Path) -> None:
    cases = all_cases(load_edition(), ["dall-e-2"])
    body = next(case.body for case in cases if case.id == "n-2")
    values = {name: value for name, value in (body or {}).items() if name != "model"}
    assert not list(own(tmp_path, {"id": "two", "body": values}).cases(["dall-e-2"], cases))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"id": "a/b", "body": {}}, "no id of a request"),
        ({"id": "a", "body": {"model": "x"}}, "leave `model` out"),
        ({"id": "a"}, "missing required field `body`"),
        ({"id": "a", "body": {}, "expects": "accepted"}, "unknown field `expects`"),
        ({"id": "a", "body": {}, "expect": "painted"}, "Invalid enum value 'painted'"),
    ],
)
def test_file_of_requests_with_a_mistake_is_one_sentence(
    entry: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(OwnRequestError, match=message):
        own(tmp_path, entry)
