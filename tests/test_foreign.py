"""Judging what others recorded: a normal run file, nothing sent, no secret, bounded memory.

Recordings that public bug reports tell of are beside the checkout, in ../shared/cases/recordings.
"""

from __future__ import annotations

import base64
import json
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from benchmarks.archive import GENERATIONS, judge_archive, write_archive
from conformance.contract import load_edition
from conformance.recordings.contracts import read_names
from conformance.recordings.inputs import ForeignFile
from conformance.recordings.judging import judge_files
from conformance.recordings.readers.model import UNNAMED
from conformance.results.conclusion import Conclusion
from conformance.results.run_file import read_run
from tests.miniatures import picture

if TYPE_CHECKING:
    from conformance.recordings.inputs import ForeignReport
    from conformance.results.run_file import Run

IMAGE = base64.b64encode(picture("png", (256, 256))).decode()
JSON_TYPE = {"Content-Type": "application/json"}
BODY = {"model": "dall-e-2", "prompt": "a kite", "size": "256x256"}
PAINTED = {"created": 1_790_000_000, "data": [{"b64_json": IMAGE}]}


def record(
    answer: object = None,
    status: int = 200,
    url: str = GENERATIONS,
    method: str = "POST",
    **body: object,
) -> dict[str, Any]:
    """Return a record of JSON lines."""
    request_body = {**BODY, "response_format": "b64_json", **body}
    request_body = {name: value for name, value in request_body.items() if value is not None}
    answer = json.dumps(answer or PAINTED)
    return {
        "request": {"method": method, "url": url, "headers": {}, "body": json.dumps(request_body)},
        "response": {"status": status, "headers": JSON_TYPE, "body": answer},
    }


def judge_recording(folder: Path, *records: object) -> tuple[ForeignReport, Run]:
    path = folder / "recording.jsonl"
    path.write_text("".join(json.dumps(entry) + "\n" for entry in records))
    report = judge_files([path], load_edition(), folder / "run.jsonl")
    return report, read_run(report.run_file)


def verdict(run: Run, clause: str) -> str:
    return next((one.verdict.value for one in run.findings if one.clause == clause), "none")


def passes(run: Run, *clauses: str) -> bool:
    return all(verdict(run, clause) == "pass" for clause in clauses)


def test_foreign_truthful_exchange_breaks_nothing(tmp_path: Path) -> None:
    report, run = judge_recording(tmp_path, record())
    assert report.conclusion is Conclusion.CONFORMS
    assert set(report.verdicts) == {"pass"}
    assert passes(run, "image.size-as-asked")
    assert run.complete


def test_foreign_run_file_keeps_to_its_schema_and_counts(tmp_path: Path) -> None:
    records = record(), {"request": 1}, record(model="gpt-image-1"), record(size="512x512")
    report, run = judge_recording(tmp_path, *records)
    schema = json.loads((load_edition().folder.parent / "run.schema.json").read_text())
    check = Draft202012Validator(schema)
    for line in report.run_file.read_text().splitlines():
        check.validate(json.loads(line))
    assert Counter(finding.verdict.value for finding in run.findings) == report.verdicts
    (provider,) = run.header.providers
    assert (provider.id, list(provider.models)) == ("provider.example", ["dall-e-2", "gpt-image-1"])
    assert {one.case for one in run.findings} == {"recording-1", "recording-3", "recording-4"}
    assert {record.provenance for record in run.exchanges.values()} == {"foreign"}


def test_foreign_files_of_one_name_stay_apart(tmp_path: Path) -> None:
    paths = [tmp_path / name / "same.jsonl" for name in "ab"]
    for path in paths:
        path.parent.mkdir()
        path.write_text(json.dumps(record()))
    report = judge_files(paths, load_edition(), tmp_path / "run.jsonl")
    assert {one.case for one in read_run(report.run_file).findings} == {"same-1", "same~2-1"}


SCRUBBED = ["aGVsbG8=", "REDACTED", base64.b64encode(picture("png", (1, 1))).decode()]


@pytest.mark.parametrize("payload", SCRUBBED, ids=["greeting", "word", "pixel"])
def test_foreign_scrubbed_payload_is_not_testable(tmp_path: Path, payload: str) -> None:
    answer = {"created": 0, "data": [{"b64_json": payload}]}
    report, run = judge_recording(tmp_path, record(answer))
    assert set(report.verdicts) == {"pass", "not testable"}
    assert passes(run, "format.b64-when-asked")
    for clause in ("image.size-as-asked", "envelope.created-seconds"):
        assert verdict(run, clause) == "not testable"


def test_foreign_answer_that_lost_its_payload_is_not_testable(tmp_path: Path) -> None:
    entry = record()
    entry["response"]["headers"] = {**JSON_TYPE, "Content-Length": "1868644"}
    _, run = judge_recording(tmp_path, entry)
    assert verdict(run, "image.size-as-asked") == "not testable"
    assert passes(run, "format.b64-when-asked")


def test_foreign_cut_body_is_not_testable(tmp_path: Path) -> None:
    entry = record()
    entry["response"] |= {"body": '{"created": 1790', "headers": {"Content-Length": "90000"}}
    report, _ = judge_recording(tmp_path, entry)
    assert set(report.verdicts) == {"not testable"}
    assert report.conclusion is Conclusion.NOT_JUDGED


def test_foreign_refusal_is_decided_where_param_names_the_fault(tmp_path: Path) -> None:
    for param, expected in (("size", "pass"), ("model", "not testable"), (None, "not testable")):
        error = {"message": "No.", "type": "invalid_request_error", "param": param, "code": None}
        _, run = judge_recording(tmp_path, record({"error": error}, 400, size="1x1"))
        assert verdict(run, "parameters.size-enum") == expected


AZURE = "https://me.openai.azure.com/openai/deployments/{}/images/generations?api-version=1"
NAMES: dict[str, tuple[str, list[str], str | None, str]] = {
    "deployment": (AZURE.format("dall-e-2"), [], None, "dall-e-2"),
    "deployment-of-any-name": (AZURE.format("mine"), ["dall-e-2=mine"], None, "dall-e-2"),
    "unnamed": (GENERATIONS, [], None, UNNAMED),
    "unnamed-as": (GENERATIONS, [], "dall-e-2", "dall-e-2"),
}


@pytest.mark.parametrize(("url", "names", "unnamed", "model"), NAMES.values(), ids=NAMES)
def test_foreign_request_without_a_model_stands_for_one(
    tmp_path: Path, url: str, names: list[str], unnamed: str | None, model: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(record(url=url, model=None, size="512x512")))
    mapping = read_names(names, unnamed, load_edition())
    report = judge_files([path], load_edition(), tmp_path / "run.jsonl", names=mapping)
    run = read_run(report.run_file)
    assert {finding.model for finding in run.findings} == {model}
    assert verdict(run, "image.size-as-asked") == "fail"
    assert verdict(run, "defaults.model") == ("pass" if model == UNNAMED else "none")


def test_foreign_preflights_and_other_traffic_are_passed_by(tmp_path: Path) -> None:
    other = record(url="https://provider.example/v1/chat/completions")
    report, _ = judge_recording(tmp_path, record(method="OPTIONS"), other, record())
    assert [(file.entries, file.found, file.judged) for file in report.files] == [(3, 1, 1)]


def test_foreign_bad_files_are_named_and_the_others_judged(tmp_path: Path) -> None:
    good, bad, none = (tmp_path / name for name in ("good.jsonl", "bad.har", "none.yaml"))
    good.write_text(json.dumps(record()))
    bad.write_text('{"log": {\n"entries": [\n{"a" 1}]}}')
    folder = tmp_path / "empty"
    folder.mkdir()
    report = judge_files([bad, none, folder, good], load_edition(), tmp_path / "run.jsonl")
    assert (report.judged, report.conclusion) == (1, Conclusion.NOT_JUDGED)
    places = [problem.split(": ")[0] for problem in report.problems]
    assert places == [f"{bad}:3", str(none), str(folder)]
    footer = read_run(report.run_file).footer
    assert footer is not None
    assert list(footer.problems) == report.problems


def test_foreign_interrupted_run_keeps_its_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("conformance.recordings.judging.is_altered_download", interrupt)
    with pytest.raises(KeyboardInterrupt):
        judge_recording(tmp_path, record(), POINTING, image_record("an image"))
    run = read_run(tmp_path / "run.jsonl")
    assert run.findings
    assert not run.complete


def test_foreign_large_archive_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.har"
    size = 24 * 1024 * 1024
    count = write_archive(path, size, IMAGE)
    tracemalloc.start()
    report = judge_archive(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.judged == count > 5
    assert peak < size  # an entry is 2.7 MiB, and is held a few times over


ACCOUNTS = ("org-aB3dE6gH9jK2mN5pQ8sT1vW4", "user-x1Y2z3A4b5C6d7", "proj_AbCdEfGhIjKlMnOpQrStUv")


@pytest.mark.parametrize("account", ACCOUNTS)
def test_foreign_account_is_taken_out_wherever_it_stands(tmp_path: Path, account: str) -> None:
    url = f"https://images.example/{account}/i.png"
    answer = {"created": 1_790_000_000, "data": [{"url": url}], "owner": account}
    generation = record(answer, response_format="url", user=account)
    generation["response"]["headers"] = {**JSON_TYPE, "X-Account": account}
    generation["request"]["url"] += f"?account={account}"
    image = record(url=url, method="GET")
    image["response"] |= {"headers": {"Content-Type": "image/png"}, "body": {"$base64": IMAGE}}
    report, run = judge_recording(tmp_path, generation, image)
    assert account not in report.run_file.read_text()
    assert passes(run, "url.is-image")


def test_foreign_words_that_look_like_accounts_or_were_scrubbed_stay(tmp_path: Path) -> None:
    for prompt in ("a user-friendly org-chart for proj_one", "REDACTED"):
        report, run = judge_recording(tmp_path, record(prompt=prompt))
        assert prompt in report.run_file.read_text()
        assert passes(run, "image.size-as-asked")


PNG = picture("png", (256, 256))
POINTED = "https://images.example/i.png"
POINTING = record({"created": 1_790_000_000, "data": [{"url": POINTED}]}, response_format="url")
SHORT = {"$base64": base64.b64encode(PNG[:-40]).decode()}
DOWNLOADS: dict[str, tuple[object, dict[str, object], str]] = {
    "cut": ({"$base64": base64.b64encode(PNG[:16]).decode()}, {}, "none"),
    "cut-and-told": (SHORT, {"Content-Length": len(PNG)}, "none"),
    "as-text": (PNG.decode("utf-8", "replace"), {}, "none"),
    "word": ("fake_body", {}, "none"),
    "left-out": ("", {}, "none"),
    "broken-and-proven": (SHORT, {"Content-Length": len(PNG) - 40}, "fail"),
    "genuine": ({"$base64": IMAGE}, {}, "pass"),
    "page": ("<html><body>Sign in...</body></html>", {"Content-Type": "text/html"}, "fail"),
}


def image_record(body: object, **headers: object) -> dict[str, Any]:
    """Return a record of the image that `POINTING` points to."""
    image = record(url=POINTED, method="GET")
    image["response"] |= {"headers": {"Content-Type": "image/png", **headers}, "body": body}
    return image


@pytest.mark.parametrize(("body", "headers", "expected"), DOWNLOADS.values(), ids=DOWNLOADS)
def test_foreign_download_is_judged_where_it_is_as_it_came(
    tmp_path: Path, body: object, headers: dict[str, Any], expected: str
) -> None:
    _, run = judge_recording(tmp_path, POINTING, image_record(body, **headers))
    verdicts = {verdict(run, clause) for clause in ("url.is-image", "image.complete")}
    assert ("fail" in verdicts) == (expected == "fail")
    assert (verdicts == {"pass"}) == (expected == "pass")
    assert verdict(run, "url.https") == "pass"


FAILED: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "answered HTTP 403": ({}, {"status": 403}),
    "fetched with a key": ({"Authorization": "Bearer x"}, {}),
    "altered": ({}, {"body": "fake_body"}),
}


@pytest.mark.parametrize("why", FAILED)
def test_foreign_download_that_failed_is_the_reason_that_is_given(tmp_path: Path, why: str) -> None:
    image, bad_copy = image_record({"$base64": IMAGE}), image_record({"$base64": IMAGE})
    bad_copy["request"]["headers"], changes = FAILED[why]
    bad_copy["response"] |= changes
    _, run = judge_recording(tmp_path, POINTING, bad_copy)
    for clause in ("url.fetchable", "url.is-image", "image.complete"):
        assert verdict(run, clause) == "not testable"
    assert any(why in one.message for one in run.findings if one.clause == "url.fetchable")
    assert passes(
        judge_recording(tmp_path, POINTING, bad_copy, image)[1], "url.fetchable", "image.complete"
    )


REQUESTS = {
    "cut": '{"model": "dall-e-2", "prom',
    "fake": "fake_body",
    "word": "REDACTED",
    "quoted-anew": "{'model': 'dall-e-2', 'prompt': 'a kite'}",
    "quoted-twice": json.dumps(json.dumps(BODY)),
    "empty": "",
    "not-recorded": None,
    "value": json.dumps({**BODY, "size": "<SIZE>"}),
}


@pytest.mark.parametrize("body", REQUESTS.values(), ids=REQUESTS)
def test_foreign_request_that_was_altered_is_passed_over(tmp_path: Path, body: str | None) -> None:
    entry = record()
    entry["request"]["body"] = body
    report, run = judge_recording(tmp_path, entry)
    assert run.findings == []
    assert "request" in report.notes[0]
    assert body is not None or "request was not recorded" in report.notes[0]
    assert (report.problems, report.conclusion) == ([], Conclusion.NOT_JUDGED)


def test_foreign_request_that_is_proven_malformed_is_judged(tmp_path: Path) -> None:
    entry = record()
    entry["request"] |= {"body": '{"model": ', "headers": {"Content-Length": "10"}}
    _, run = judge_recording(tmp_path, entry)
    assert "fail" in {finding.verdict.value for finding in run.findings}


PROVEN = {
    "cut": ('{"created": 1790000000, "data": [', "envelope.json-syntax"),
    "ellipsis": ('{"created": 1790000000, "data": [...]}', "envelope.json-syntax"),
    "greeting": ('{"created": 1790000000, "data": [{"b64_json": "aGVsbG8="}]}', "base64.is-image"),
}


@pytest.mark.parametrize(("body", "clause"), PROVEN.values(), ids=PROVEN)
def test_foreign_length_that_agrees_proves_a_lie(tmp_path: Path, body: str, clause: str) -> None:
    lie = record()
    lie["response"] |= {"body": body, "headers": {**JSON_TYPE, "Content-Length": str(len(body))}}
    unproven = record()
    unproven["response"]["body"] = body
    assert verdict(judge_recording(tmp_path, lie)[1], clause) == "fail"
    assert verdict(judge_recording(tmp_path, unproven)[1], clause) == "not testable"


def test_foreign_file_of_other_lines_is_one_error(tmp_path: Path) -> None:
    report, _ = judge_recording(tmp_path, *[{"request": number} for number in range(9)])
    (problem,) = report.problems
    assert "docs/judging.md" in problem
    assert "8 more" in problem


STRANGERS = {
    "created": ({**PAINTED, "created": "yesterday"}, "envelope.created-integer"),
    "data": ({"created": 1_790_000_000, "data": []}, "envelope.data-not-empty"),
    "base64": ({"created": 1_790_000_000, "data": [{"b64_json": "@" * 2000}]}, "base64.alphabet"),
    "url": ({"created": 1_790_000_000, "data": [{"url": "/i.png"}]}, "url.absolute"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "clause"), STRANGERS.values(), ids=STRANGERS)
def test_foreign_unknown_model_is_judged_by_what_holds_for_every_model(
    tmp_path: Path, body: object, clause: str
) -> None:
    report, run = judge_recording(tmp_path, record(body, model="painter-9", size=None))
    assert report.conclusion is Conclusion.BREAKS
    assert verdict(run, clause) == "fail"


CASES = Path(__file__).resolve().parents[2] / "shared" / "cases" / "recordings"
SHARED = pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not beside us")
TRUE = {
    "firefox-1762313-claims-base64.har": 25,
    "mitmproxy-6897-bom.har": 25,
    "openai-python-1819-binary-json.yaml": 25,
    "pytest-vcr-46-old-httpx-layout.yaml": 25,
    "vcrpy-599-brotli.yaml": 25,
    "vcrpy-656-binary-upload-beside.yaml": 25,
    "vcrpy-719-gzip-already-decoded.yaml": 25,
    "vcrpy-942-gzip-bytes.yaml": 25,
    "firefox-no-text.har": 0,
    "vcrpy-661-gzip-empty.yaml": 0,
    "llmtornado-144-model-unknown-is-legal.jsonl": 0,
}
"""Exchanges without a lie, and the promises that each decides at the least."""
LIES = {
    "dynamo-13000-open-request-empty.jsonl": {"envelope.data-not-empty"},
    "vllmomni-5421-open-request-bare-png.jsonl": {"envelope.content-type"},
    "vllmomni-5421-file.jsonl": {"envelope.content-type"},
}


def judge_shared(name: str, folder: Path) -> tuple[ForeignFile, Run, set[str]]:
    """Judge a shared recording; return as well which clauses are broken."""
    report = judge_files([CASES / name], load_edition(), folder / "run.jsonl")
    run = read_run(report.run_file)
    return report.files[0], run, {one.clause for one in run.findings if one.verdict == "fail"}


@SHARED
@pytest.mark.parametrize("name", sorted(path.name for path in CASES.glob("*")))
def test_shared_recording_is_read_and_red_for_its_lie_alone(name: str, tmp_path: Path) -> None:
    file, run, clauses = judge_shared(name, tmp_path)
    assert file.unreadable == []
    assert file.found >= 1
    if name in TRUE:
        verdicts = Counter(finding.verdict.value for finding in run.findings)
        assert (file.found, file.judged) == (1, 1)
        assert not verdicts.keys() & {"fail", "deviates", "harness error"}
        assert verdicts["pass"] >= TRUE[name]
    assert name not in LIES or clauses == LIES[name]


@SHARED
def test_shared_recordings_that_are_named_are_there() -> None:
    assert {*TRUE, *LIES} <= {path.name for path in CASES.glob("*")}


@SHARED
def test_shared_recording_with_control_characters_is_judged(tmp_path: Path) -> None:
    file, run, clauses = judge_shared("schemathesis-4794-control-characters.jsonl", tmp_path)
    assert (file.unreadable, file.found, file.judged) == ([], 3, 3)
    assert {"extras.quality-documented", "extras.size-documented"} <= clauses
    assert {finding.case.rpartition("-")[2] for finding in run.findings} == set("123")
