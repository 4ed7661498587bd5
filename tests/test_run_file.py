"""The run file: what was written is read again, and what is damaged is named."""

from __future__ import annotations

import gzip
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
from conformance.results.run_file import Run, RunFileError, RunWriter, read_run
from conformance.runner.options import Options
from conformance.runner.session import Session
from tests import runs
from tests.extent import examples, sample
from tests.nights import with_footer
from tests.processes import command
from tests.runs import write_run

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


def object_with(required: dict[str, Any] | None = None, **members: Any) -> st.SearchStrategy[Any]:
    """Draw a JSON object that has some of its members."""
    return st.fixed_dictionaries(required or {}, optional=members)


def short_list(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(items, max_size=2)


pictures = object_with(
    {"index": st.integers(0, 9), "member": texts},
    sha256=texts,
    thumbnail=texts.map("data:image/webp;base64,{}".format),
)
about_exchange = object_with(
    {"elapsed": seconds, "reason": texts},
    price=st.none() | object_with({"estimate": dollars, "actual": dollars}),
    attempts=st.integers(0, 9),
    cassette=st.none() | texts,
    target=st.none() | texts,
    images=short_list(pictures),
)
exchanges = st.builds(
    lambda base, more: runs.read_record(base | more, ExchangeRecord),
    st.builds(runs.exchange, texts, texts, texts),
    about_exchange,
)
spent = object_with({"estimate": dollars.map(lambda usd: usd or 0.0), "actual": dollars})
footers = st.builds(
    lambda base, more: runs.read_record(base | more, RunFooter),
    st.builds(runs.footer, st.booleans(), st.sampled_from([0, 1, 2]), short_list(texts)),
    object_with(spent=st.none() | spent),
)
deviations = object_with(
    dict.fromkeys(("clause", "reason", "link", "since", "expires"), texts)
    | dict.fromkeys(("models", "cases"), short_list(texts))
)
claims = object_with({"clause": texts, "models": st.lists(texts), "reason": texts})
about_provider = object_with(
    deviations=short_list(deviations),
    not_claimed=short_list(claims),
    prices=object_with({"source": texts, "date": texts}),
)
about_run = object_with(
    seed=st.none() | st.integers(),
    resumes=short_list(texts),
    budget=st.none() | object_with({"usd": dollars}),
)


@st.composite
def whole_runs(draw: st.DrawFn) -> Run:
    head = runs.header(draw(st.lists(texts, max_size=3)), draw(st.lists(texts, max_size=3)))
    head |= draw(about_run)
    for provider in head["providers"]:
        provider |= draw(about_provider)
    run = Run(runs.read_record(head, RunHeader), footer=draw(st.none() | footers))
    for record in draw(st.lists(findings | observations | exchanges, max_size=8)):
        run.add(record)
    return run


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs") / "run.jsonl"


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(run=whole_runs())
def test_run_is_read_as_it_was_written_by_the_schema_and_written_again_the_same(
    path: Path, run: Run
) -> None:
    write_run(run, path)
    content = path.read_bytes()
    for line in content.decode("ascii").splitlines():
        VALIDATOR.validate(json.loads(line))
    copy = read_run(path)
    write_run(copy, path)
    assert path.read_bytes() == content
    run.sort()
    assert copy == run
    assert list(copy.records) == list(run.records)


def test_real_run_is_as_the_schema_says_and_keeps_a_thumbnail_of_every_image(
    tmp_path: Path,
) -> None:
    """Run against the reference provider."""
    file, copy = tmp_path / "run.jsonl", tmp_path / "again.jsonl"
    options = ["--models=dall-e-2", "--cases=n-2", f"--output={file}"]
    process = command(tmp_path, "run", "--provider=reference", "--quiet", *options)
    assert file.exists(), process.stderr
    lines = file.read_text(encoding="ascii").splitlines()
    assert len(lines) > 20
    errors = [error for line in lines for error in VALIDATOR.iter_errors(json.loads(line))]
    assert [error.message for error in errors] == []
    images = [image for record in read_run(file).exchanges.values() for image in record.images]
    assert images
    assert all(image.thumbnail and image.thumbnail.startswith("data:image/") for image in images)
    write_run(read_run(file), copy)
    assert copy.read_bytes() == file.read_bytes()


def test_header_tells_of_known_deviations_and_of_what_is_not_claimed() -> None:
    provider = Session(Options(providers=("aimock",))).header().providers[0]
    (first, *_) = [one for one in provider.deviations if one.clause == "image.size-as-asked"]
    assert first.link == "docs/counterparts.md"
    assert first.since < first.expires
    assert provider.not_claimed == ()


def test_run_cut_at_any_byte_is_read_up_to_there(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    picture = {"index": 0, "member": "url", "thumbnail": "data:image/webp;base64,AAAA"}
    exchange = {**runs.exchange(), "images": [picture], "cassette": "cassettes/a/b/c.yaml"}
    run = runs.run(exchange, runs.finding(), runs.broken_must(case="two"))
    write_run(run, whole)
    data = whole.read_bytes()
    start = data.index(b"\n") + 1
    for length in sample(range(start, len(data)), 5):
        cut.write_bytes(data[:length])
        part = read_run(cut)
        assert not part.complete
        assert part.order == run.order[: data[:length].count(b"\n") - 1]
    for length in (0, 1, 7, 14, start - 2):
        cut.write_bytes(data[:length])
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


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_run(runs.run(), tmp_path / "run.jsonl")
    return tmp_path / "run.jsonl"


@pytest.mark.parametrize("line", DAMAGE.values(), ids=DAMAGE)
def test_damaged_middle_line_is_named(file: Path, line: bytes) -> None:
    lines = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join([*lines[:2], line, *lines[2:]]))
    with pytest.raises(RunFileError, match=r"run\.jsonl:3: "):
        read_run(file)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        *(("clause", 5), ("level", "WILL"), ("verdict", "green"), ("verdict", [])),
        *(("message", None), ("deviation", 1), ("rate", 1.5), ("repeats", 0), ("model", {})),
    ],
)
def test_finding_of_a_wrong_type_is_named(file: Path, member: str, value: Any) -> None:
    lines = file.read_text().splitlines()
    lines[2] = json.dumps({**json.loads(lines[2]), member: value})
    file.write_text("\n".join(lines) + "\n")
    with pytest.raises(RunFileError, match=rf"run\.jsonl:3: .* - at `\$\.{member}`"):
        read_run(file)


def without(member: str) -> dict[str, Any]:
    return {name: value for name, value in runs.header().items() if name != member}


NO_DEVIATION = runs.header()
NO_DEVIATION["providers"][0]["deviations"] = [{"clause": "a"}]
LATE = {"type": "observation", **dict.fromkeys(("id", "provider", "model", "case", "message"), "")}
ODD_ANSWER = {"status": 200, "headers": [["one"]], "body": ""}
BAD_MEMBERS: list[tuple[str, Any]] = [
    *(("images", [1]), ("response", "200"), ("response", ODD_ANSWER)),
    *(("price", 0.04), ("cassette", 5)),
]


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
            for name, value in BAD_MEMBERS
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


def test_findings_that_the_end_counts_and_the_file_lacks_are_told(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    write_run(with_footer(runs.run(runs.finding(), runs.broken_must(case="n-2"))), path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:-2], lines[-1]]))
    with pytest.raises(RunFileError, match="its end counts 2 findings, and 1 are in it"):
        read_run(path)


def test_other_files_and_missing_ones_are_refused(tmp_path: Path) -> None:
    for content in (b"\x89PNG\r\n\x1a\n", b"hello\n", b'{"type":"end"}\n'):
        (tmp_path / "other").write_bytes(content)
        with pytest.raises(RunFileError, match="header of a run file"):
            read_run(tmp_path / "other")
    (tmp_path / "other").write_bytes(gzip.compress(b"{}"))
    with pytest.raises(RunFileError, match="is compressed with gzip; unpack it with gunzip"):
        read_run(tmp_path / "other")
    with pytest.raises(RunFileError, match=r"none\.jsonl: cannot be read: No such file"):
        read_run(tmp_path / "none.jsonl")


def test_folder_in_place_of_a_run_file_is_told_with_what_to_name(tmp_path: Path) -> None:
    folder = tmp_path / "my nights"
    folder.mkdir()
    with pytest.raises(RunFileError) as excinfo:
        read_run(folder)
    assert str(excinfo.value).startswith(f"{folder}: is a folder, and a run file is asked for")
    assert f"name those in it, as in '{folder}'/*.jsonl," in str(excinfo.value)
    assert str(excinfo.value).endswith(f"image-conformance history '{folder}'")


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
    program = "from tests import runs; "
    program += "from pathlib import Path; runs.write_run(runs.run(), Path('/dev/stdout'))"
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert process.stdout.count("\n") == 4, process.stderr


def test_order_in_which_answers_came_changes_no_report(tmp_path: Path) -> None:
    run = runs.messy()
    path, copy = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    write_run(run, path)
    first, *records, last = path.read_text().splitlines(keepends=True)
    copy.write_text("".join([first, *reversed(records), last]))
    for name in ("md", "json", "csv", "html"):
        assert render([read_run(path)], name) == render([read_run(copy)], name)
