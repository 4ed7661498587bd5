"""A run file that has every member there is, each of which is made into something else."""

from __future__ import annotations

import copy
import io
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgspec import structs, to_builtins
from rich.console import Console

from conformance.errors import ConformanceError
from conformance.findings import Finding
from conformance.reports import folder, print_runs, summarize
from conformance.reports.comparison.compare import compare
from conformance.reports.comparison.render import (
    comparison_csv,
    comparison_json,
    comparison_markdown,
    print_comparison,
)
from conformance.reports.drift.drift import drift
from conformance.reports.drift.render import drift_json, drift_markdown, print_drift
from conformance.reports.history.render import history_json, history_markdown, print_history
from conformance.reports.history.timeline import history
from conformance.results.baselines import RunFilter
from conformance.results.case_result import records_of
from conformance.results.run_file import Run, RunFileError, read_run
from conformance.runner.confirm import Confirmer
from conformance.runner.resume import check_same, whole_cases
from tests import runs

Line = dict[str, Any]
Way = tuple[str | int, ...]

MONEY = {"actual": 0.04, "estimate": 0.04, "guess": 0.0}
DEVIATION = {
    **dict.fromkeys(("clause", "reason", "link"), "a"),
    "since": "2026-01-01",
    "expires": "2027-01-01",
    "models": ["*"],
    "cases": ["*"],
}
VALUES: Mapping[str, str] = {
    "400-digits": "9" * 400,
    "5000-digits": "9" * 5000,
    "beyond-double": "1e999",
    "large-double": "1e308",
    "64-bits": str(2**63),
    "negative": "-1",
    "null": "null",
    "true": "true",
    "object": '{"a": {"b": []}}',
    "list": "[[1], {}]",
    "empty-list": "[]",
    "number": "5",
    "text": '"2026"',
    "empty": '""',
    "long": json.dumps("x" * 100_000),
    "half-character": '"\\ud800"',
    "steering": json.dumps("\x1b]0;a\x07\r\n::set-output name=x::1 \u202e"),
    "deep": "[" * 300 + "]" * 300,
    "nan": "NaN",
}
"""What may stand where something else is wanted, as it is written."""


def lines(day: int = 1) -> list[Line]:
    """Return the lines of a run with every member that a run file may have."""
    head = {
        **runs.header(),
        "id": f"2026010{day}T030405Z-0000000{day}",
        "started": f"2026-01-0{day}T03:04:05+00:00",
        "edition": {**runs.EDITION, "families": {"dall-e-3": "dall-e"}},
        "python": "3.12.1",
        "selection": {"clauses": "*", "models": "*", "cases": "*", "strength": 2},
        "budget": {"usd": 1.5, "requests": 9},
        "seed": 7,
        "resumes": ["20251231T030405Z-00000000"],
    }
    claim = {"clause": "count.n-images", "models": ["dall-e-2"], "reason": "It says so."}
    more = {"deviations": [DEVIATION], "not_claimed": [claim], "key_variable": "KEY"}
    head["providers"][0] |= {**more, "prices": {"source": "a", "date": "2026-01-01"}}
    head["clauses"][0]["citations"] = [{"source": "a", "section": "b", "url": "https://a.test"}]
    failures = [runs.broken_must(), runs.broken_must(case="n-2")]
    records: list[Line | Finding] = [head, _exchange("baseline"), *failures]
    observation = {"type": "observation", "id": "headers", "message": "It names itself."}
    end = {**runs.footer(conclusion=1, problems=["a"]), "notes": ["b"], "counts": {"fail": 2}}
    end |= {"spent": {"estimate": 0.04, "actual": 0.04, "guess": 0.0, "requests": 1}}
    where = {"provider": "acme", "model": "dall-e-3", "case": "baseline"}
    return [line if isinstance(line, dict) else _line_of(line) for line in records] + [
        {**observation, **where},
        end,
    ]


def _line_of(finding: Finding) -> Line:
    flaky = {"rate": 0.5, "repeats": 4, "control": "baseline", "deviation": "It is known."}
    more = flaky if finding.case == "n-2" else {}
    return {**to_builtins(finding), **more}


def _exchange(case: str) -> Line:
    image = {"index": 0, "member": "url", "type": "png", "width": 8, "height": 8, "alpha": False}
    image |= {"frames": 1, "complete": True, "bytes": 90, "sha256": "0" * 64}
    image |= {"thumbnail": "data:image/webp;base64,UklGRg=="}
    failure = {"kind": "timeout", "message": "late"}
    download = {"url": "https://a.test/1.png", "status": 200, "headers": [["a", "b"]], "bytes": 90}
    return {
        **runs.exchange(case=case),
        "attempts": 2,
        "findings": 1,
        "price": {"estimate": 0.04, "actual": 0.04, "spent": MONEY},
        "run": "20251231T030405Z-00000000",
        "cassette": "cassettes/a/b/c.yaml",
        "target": "https://acme.test/v1",
        "response": {"status": 200, "headers": [["a", "b"]], "body": '{"a": 1}', "bytes": 8},
        "shape": ["created:integer"],
        "error": {"type": "a", "code": "b", "param": "n"},
        "failure": failure,
        "downloads": [{**download, "failure": failure}],
        "images": [image],
        "curl": "curl https://acme.test",
    }


def members(value: Any, way: Way = ()) -> Iterator[Way]:
    """Return the way to every member of a value, however deep."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for name, member in inner:
        yield (*way, name)
        if isinstance(member, dict | list):
            yield from members(member, (*way, name))


def write_mutated(whole: Sequence[Line], ways: Iterable[Way], written: str) -> str:
    """Write a run file, members of it replaced by what is written there; a way begins at a line."""
    new_lines = copy.deepcopy(list(whole))
    for way in sorted(ways, key=len, reverse=True):  # what holds a member comes after it
        holder: Any = new_lines
        for step in way[:-1]:
            holder = holder[step]
        holder[way[-1]] = "@@"
    return "\n".join(map(json.dumps, new_lines)).replace('"@@"', written) + "\n"


Use = Callable[[Run, Run, Path], Sequence[str]]
"""What a command does with a good run and a foreign one, and the file of the latter."""


def _report(_: Run, theirs: Run, __: Path) -> list[str]:
    summary = summarize([theirs])
    return [_screen(print_runs, summary), *folder(summary).values()]


def _compare(mine: Run, theirs: Run, _: Path) -> list[str]:
    table = compare(
        [replace(mine, header=structs.replace(mine.header, tool="another")), theirs], True
    )
    documents = [render(table) for render in (comparison_csv, comparison_json, comparison_markdown)]
    return [*documents, _screen(print_comparison, table, True)]


def _drift(mine: Run, theirs: Run, path: Path) -> list[str]:
    documents = []
    for changes in (drift([mine], theirs), drift([read_run(path)], mine)):
        documents += [drift_json(changes), drift_markdown(changes), _screen(print_drift, changes)]
    return documents


def _history(_: Run, __: Run, path: Path) -> list[str]:
    past = history(path.parent)
    return [history_json(past), history_markdown(past), _screen(print_history, past, True)]


def _baseline(_: Run, __: Run, path: Path) -> list[str]:
    sought = RunFilter(runs.EDITION["id"], frozenset({"acme"}), "2027")
    return [str(Confirmer.read(path, sought, 3).before)]


def _resume(mine: Run, theirs: Run, path: Path) -> list[str]:
    check_same(mine.header, theirs.header, path)
    results = [case for _, case in whole_cases(theirs, "acme")]
    return [json.dumps(to_builtins(records_of(result))) for result in results]


USES: Mapping[str, Use] = {
    "report": _report,
    "compare": _compare,
    "drift": _drift,
    "history": _history,
    "--baseline": _baseline,
    "--resume": _resume,
}


def use_run_file(good: Path, bad: Path, seconds: float = 5) -> list[str]:
    """Use a foreign run file for all that commands use one for; give what is refused and why."""
    try:
        mine, theirs = read_run(good), read_run(bad)
    except RunFileError as error:
        return [str(error)]
    faults = []
    for use in USES.values():
        start = time.monotonic()
        try:
            for text in use(mine, theirs, bad):
                text.encode()  # as it is written
        except ConformanceError as error:
            faults.append(str(error))
        assert time.monotonic() - start < seconds
    return faults


def _screen(show: Any, what: Any, *more: Any) -> str:
    screen = io.StringIO()
    console = Console(file=screen, width=100, color_system=None)
    show(what, console, *more)
    return screen.getvalue()
