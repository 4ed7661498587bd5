"""The run file: what was written is read again, and what is damaged is named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from conformance.contract import schemas_directory
from conformance.findings import Finding, Observation, Verdict
from conformance.reports import render
from conformance.results.records import ExchangeRecord, RunFooter, RunHeader
from conformance.results.run_file import Run, RunFileError, RunWriter, read_run, write_run
from conformance.runner.options import Options
from conformance.runner.session import Session
from tests import runs
from tests.extent import examples
from tests.processes import command

SCHEMA = json.loads((schemas_directory() / "run.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=30)
some_text = st.text(min_size=1, max_size=30)
names = {"provider": texts, "model": texts, "case": texts}
findings = st.builds(
    Finding,
    clause=texts,
    level=st.sampled_from(["MUST", "SHOULD", "MAY"]),
    verdict=st.sampled_from(list(Verdict)),
    message=texts,
    expected=texts,
    observed=texts,
    control=st.none() | some_text,  # an empty text is written as none at all
    deviation=st.none() | some_text,
    rate=st.none() | st.floats(0, 1),
    repeats=st.none() | st.integers(1, 9),
    **names,
)
observations = st.builds(Observation, id=texts, message=texts, **names)
seconds = st.none() | st.floats(allow_nan=False, allow_infinity=False)
dollars = st.none() | st.floats(min_value=0, allow_nan=False, allow_infinity=False)
prices = st.none() | st.fixed_dictionaries({"estimate": dollars, "actual": dollars})
pictures = st.fixed_dictionaries(
    {"index": st.integers(0, 9), "member": texts},
    optional={"sha256": texts, "thumbnail": texts.map("data:image/webp;base64,{}".format)},
)
exchanges = st.builds(
    lambda base, elapsed, body, more: runs.read(
        {**base, "elapsed": elapsed, "reason": body, **more}, ExchangeRecord
    ),
    st.builds(runs.exchange, texts, texts, texts),
    seconds,
    texts,
    st.fixed_dictionaries(
        {},
        optional={
            "price": prices,
            "attempts": st.integers(0, 9),
            "cassette": st.none() | texts,
            "target": st.none() | texts,
            "images": st.lists(pictures, max_size=2),
        },
    ),
)
spent = st.fixed_dictionaries(
    {"estimate": dollars.map(lambda each: each or 0.0), "actual": dollars}
)
footers = st.builds(
    lambda base, more: runs.read({**base, **more}, RunFooter),
    st.builds(runs.footer, st.booleans(), st.sampled_from([0, 1, 2]), st.lists(texts, max_size=2)),
    st.fixed_dictionaries({}, optional={"spent": st.none() | spent}),
)
deviations = st.fixed_dictionaries(
    {
        **dict.fromkeys(("clause", "reason", "link", "since", "expires"), texts),
        **dict.fromkeys(("models", "cases"), st.lists(texts, max_size=2)),
    }
)
claims = st.fixed_dictionaries({"clause": texts, "models": st.lists(texts), "reason": texts})
about_provider = st.fixed_dictionaries(
    {},
    optional={
        "deviations": st.lists(deviations, max_size=2),
        "not_claimed": st.lists(claims, max_size=2),
        "prices": st.fixed_dictionaries({"source": texts, "date": texts}),
    },
)
about_run = st.fixed_dictionaries(
    {},
    optional={
        "seed": st.none() | st.integers(),
        "resumes": st.lists(texts, max_size=2),
        "budget": st.none() | st.fixed_dictionaries({"usd": dollars}),
    },
)


@st.composite
def whole_runs(draw: st.DrawFn) -> Run:
    head = runs.header(draw(st.lists(texts, max_size=3)), draw(st.lists(texts, max_size=3)))
    head |= draw(about_run)
    for each in head["providers"]:
        each |= draw(about_provider)
    found = Run(runs.read(head, RunHeader), footer=draw(st.none() | footers))
    for each in draw(st.lists(findings | observations | exchanges, max_size=8)):
        found.add(each)
    return found


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs") / "run.jsonl"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a real run against the reference provider."""
    file = tmp_path_factory.mktemp("real") / "run.jsonl"
    chosen = ["--models=dall-e-2", "--cases=n-*", f"--output={file}"]
    done = command(file.parent, "run", "--provider=reference", "--quiet", *chosen)
    assert file.exists(), done.stderr
    return file


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(run=whole_runs())
def test_round_trip_is_byte_identical(path: Path, run: Run) -> None:
    write_run(run, path)
    written = path.read_bytes()
    write_run(read_run(path), path)
    assert path.read_bytes() == written


@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(run=whole_runs())
def test_reading_gives_back_what_was_written(path: Path, run: Run) -> None:
    write_run(run, path)
    read = read_run(path)
    run.sort()
    assert read == run
    assert list(read.records) == list(run.records)


@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(run=whole_runs())
def test_every_line_validates_against_the_schema(path: Path, run: Run) -> None:
    write_run(run, path)
    for line in path.read_text(encoding="ascii").splitlines():
        VALIDATOR.validate(json.loads(line))


def test_real_run_validates_against_the_schema(real: Path) -> None:
    lines = real.read_text(encoding="ascii").splitlines()
    assert len(lines) > 20
    assert [
        error.message for each in lines for error in VALIDATOR.iter_errors(json.loads(each))
    ] == []


def test_real_run_keeps_a_thumbnail_of_every_whole_image(real: Path) -> None:
    images = [each for one in read_run(real).exchanges.values() for each in one.images]
    assert images
    assert all(each.thumbnail and each.thumbnail.startswith("data:image/") for each in images)


def test_header_tells_of_known_deviations_and_of_what_is_not_claimed() -> None:
    about = Session(Options(providers=("aimock",))).header().providers[0]
    (first, *_) = [each for each in about.deviations if each.clause == "image.size-as-asked"]
    assert first.link == "docs/counterparts.md"
    assert first.since < first.expires
    assert about.not_claimed == ()


def test_real_run_is_written_again_byte_for_byte(real: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.jsonl"
    write_run(read_run(real), again)
    assert again.read_bytes() == real.read_bytes()


def test_run_cut_at_any_byte_is_read_up_to_there(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    picture = {"index": 0, "member": "url", "thumbnail": "data:image/webp;base64,AAAA"}
    exchange = {**runs.exchange(), "images": [picture], "cassette": "cassettes/a/b/c.yaml"}
    run = runs.run(exchange, runs.finding(), runs.broken(case="two"))
    write_run(run, whole)
    data = whole.read_bytes()
    first = data.index(b"\n") + 1
    for length in range(first, len(data)):
        cut.write_bytes(data[:length])
        found = read_run(cut)
        lines = data[:length].count(b"\n") - 1
        assert not found.complete
        assert found.order == run.order[:lines]


@pytest.mark.parametrize("length", [0, 1, 7, 14, 60])
def test_run_cut_in_its_header_says_so(tmp_path: Path, length: int) -> None:
    cut = tmp_path / "cut.jsonl"
    write_run(runs.run(), cut)
    cut.write_bytes(cut.read_bytes()[:length])
    with pytest.raises(RunFileError, match=r"cut\.jsonl: was cut off within its first line"):
        read_run(cut)


DAMAGE = {
    "not-json": b"{]",
    "empty": b"",
    "not-an-object": b"[1]",
    "not-utf-8": b'{"type":"\xff"}',
    "nan": b'{"type":"exchange","elapsed":NaN}',
    "deep": b"[" * 100_000,
    "huge-number": b'{"type":' + b"9" * 5_000 + b"}",
    "no-type": b"{}",
    "unknown-type": b'{"type":"verdict"}',
    "type-is-a-list": b'{"type":[]}',
    "finding-without-clause": b'{"type":"finding","level":"MUST","verdict":"pass"}',
    "name-of-half-a-character": json.dumps({**runs.exchange(), "\ud800": 1}).encode(),
    "second-header": json.dumps(runs.header()).encode(),
    "exchange-without-request": b'{"type":"exchange","provider":"a","model":"b","case":"c"}',
    "footer-without-complete": b'{"type":"end","finished":"","conclusion":0}',
}


@pytest.mark.parametrize("line", DAMAGE.values(), ids=DAMAGE)
def test_damaged_middle_line_is_named(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "run.jsonl"
    write_run(runs.run(), file)
    lines = file.read_bytes().split(b"\n")
    lines.insert(2, line)
    file.write_bytes(b"\n".join(lines))
    with pytest.raises(RunFileError, match=r"run\.jsonl:3: "):
        read_run(file)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("clause", 5),
        ("level", "WILL"),
        ("verdict", "green"),
        ("verdict", []),
        ("message", None),
        ("deviation", 1),
        ("rate", 1.5),
        ("repeats", 0),
        ("model", {}),
    ],
)
def test_finding_of_a_wrong_type_is_named(tmp_path: Path, member: str, value: Any) -> None:
    file = tmp_path / "run.jsonl"
    write_run(runs.run(), file)
    lines = file.read_text().splitlines()
    lines[2] = json.dumps({**json.loads(lines[2]), member: value})
    file.write_text("\n".join(lines) + "\n")
    with pytest.raises(RunFileError, match=rf"run\.jsonl:3: .* - at `\$\.{member}`"):
        read_run(file)


def without(member: str) -> dict[str, Any]:
    head = runs.header()
    del head[member]
    return head


NO_DEVIATION = runs.header()
NO_DEVIATION["providers"][0]["deviations"] = [{"clause": "a"}]
LATE = {"type": "observation", **dict.fromkeys(("id", "provider", "model", "case", "message"), "")}


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        *(
            ([without(name)], rf":1: .*missing required field `{name}`")
            for name in ("id", "tool", "edition", "started", "providers", "clauses")
        ),
        ([NO_DEVIATION], ":1: .*field `models` - at .*deviations"),
        *(
            ([runs.header(), {**runs.exchange(), name: value}], ":2: is no record of a run: ")
            for name, value in (
                ("images", [1]),
                ("response", "200"),
                ("response", {"status": 200, "headers": [["one"]], "body": ""}),
                ("price", 0.04),
                ("cassette", 5),
            )
        ),
        ([runs.header(), runs.footer(), LATE], "after the end"),
        ([runs.header(schema=2)], "schema 2, not 1"),
    ],
)
def test_what_is_wrong_with_a_line_is_named(
    tmp_path: Path, lines: list[dict[str, Any]], why: str
) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    with pytest.raises(RunFileError, match=why):
        read_run(file)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n", b"hello\n", b'{"type":"end"}\n'])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(RunFileError, match="header of a run file"):
        read_run(tmp_path / "other")


def test_missing_run_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match=r"none\.jsonl: cannot be read: No such file"):
        read_run(tmp_path / "none.jsonl")


def test_folder_in_place_of_a_run_file_is_told_with_what_to_name(tmp_path: Path) -> None:
    folder = tmp_path / "my nights"
    folder.mkdir()
    with pytest.raises(RunFileError) as told:
        read_run(folder)
    assert str(told.value).startswith(f"{folder}: is a folder, and a run file is asked for")
    assert f"name those in it, as in '{folder}'/*.jsonl," in str(told.value)
    assert str(told.value).endswith(f"image-conformance history '{folder}'")


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("file/run.jsonl", "cannot be written: .*--output"),
        (".", "cannot be written: Is a directory"),
        ("/dev/full", "/dev/full: cannot be written: No space left"),
    ],
    ids=["below-a-file", "directory", "full-disk"],
)
def test_place_that_cannot_be_written_is_named(tmp_path: Path, path: str, why: str) -> None:
    (tmp_path / "file").write_text("in the way")
    if path == "/dev/full" and not Path(path).exists():
        pytest.skip("there is no /dev/full here to stand for a full disk")
    with pytest.raises(RunFileError, match=why):
        RunWriter(tmp_path / path, runs.run().header)


def test_run_can_be_written_to_a_pipe() -> None:
    program = "from tests import runs; from conformance.results.run_file import write_run; "
    program += "from pathlib import Path; write_run(runs.run(), Path('/dev/stdout'))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.count("\n") == 4, done.stderr


def test_order_in_which_answers_came_changes_no_report(tmp_path: Path) -> None:
    made = runs.messy()
    path, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    write_run(made, path)
    first, *records, last = path.read_text().splitlines(keepends=True)
    other.write_text("".join([first, *reversed(records), last]))
    for name in ("md", "json", "csv", "html"):
        assert render([read_run(path)], name) == render([read_run(other)], name)
