"""Sample runs: small ones built by hand, and texts that a hostile provider could send."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from conformance.findings import Finding, Observation, Verdict
from conformance.results.records import ExchangeRecord, Line, RunFooter, RunHeader
from conformance.results.run_file import Run, RunWriter

BIDI = "\u202e"
HOSTILE = {
    "rich-markup": "[bold red]shout[/bold red] [link=http://evil.test]x[/link] :boom:",
    "ansi": "\x1b[31mred\x1b[0m\x1b]8;;http://evil.test\x07link\x1b]8;;\x07 \x9b2J",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)> </details> &lt;b&gt;",
    "pipe": "a | b \\| c \\\\| d",
    "backticks": "`one` ``two`` ```\nthree",
    "newlines": "first\n\n# heading\r\n- item\u2028| a | b |\n| - | - |",
    "bidi": f"safe{BIDI}gnp.exe \u2066x\u2069 zero\u200bwidth",
    "markdown-link": "[click](javascript:alert(1)) ![x](http://evil.test/p.png) <http://evil.test>",
    "mention": "@octocat see www.evil.test and http://evil.test #1 a@evil.test $x$",
    "runner-commands": "::error::x ##[error]y ##vso[task.complete]z\n  ::add-mask::a ##teamcity[b]",
    "illegal-xml": "nul\x00 bell\x07 \ud800 \ufffe ]]> <!-- -->",
}
EDITION = {
    "id": "sample-2026-01-01",
    "title": "A sample contract",
    "document": "https://contract.test/images",
    "published": "2026-01-01",
}
LEVELS = {
    "format.url-only": "MUST",
    "format.one-payload": "MUST",
    "count.n-images": "MUST",
    "errors.status-400": "SHOULD",
    "envelope.json": "MUST",
}


Known = TypeVar("Known", bound=Line)


def header(
    providers: Sequence[str] = ("acme",),
    models: Sequence[str] = ("dall-e-3", "gpt-image-1"),
    mode: str = "live",
    **changes: Any,
) -> dict[str, Any]:
    """The first line of a run file, as JSON values."""
    return {
        "type": "run",
        "schema": 1,
        "id": "20260102T030405Z-00000000",
        "tool": "image-conformance 0.1.0",
        "edition": EDITION,
        "started": "2026-01-02T03:04:05+00:00",
        "selection": {"clauses": "*", "models": "*", "cases": "*"},
        "providers": [
            {
                "id": provider,
                "title": f"The {provider} API",
                "base_url": f"https://{provider}.test/v1",
                "mode": mode,
                "key_variable": None,
                "models": {model: model for model in models},
            }
            for provider in providers
        ],
        "clauses": [
            {"id": name, "level": level, "statement": f"It keeps {name}.", "citations": []}
            for name, level in LEVELS.items()
        ],
        **changes,
    }


def finding(
    clause: str = "format.url-only", verdict: Verdict = Verdict.PASS, **changes: Any
) -> Finding:
    """One finding; of provider acme and model dall-e-3, if nothing else is said."""
    values = {"provider": "acme", "model": "dall-e-3", "case": "baseline", **changes}
    return Finding(clause=clause, level=LEVELS.get(clause, "MUST"), verdict=verdict, **values)


def exchange(
    provider: str = "acme",
    model: str = "dall-e-3",
    case: str = "baseline",
    provenance: str = "live",
    sent_at: str | None = "2026-01-02T03:04:06+00:00",
) -> dict[str, Any]:
    """One exchange as a run file keeps it, as JSON values."""
    return {
        "type": "exchange",
        "provider": provider,
        "model": model,
        "case": case,
        "provenance": provenance,
        "sent_at": sent_at,
        "elapsed": 1.25,
        "outcome": "accepted",
        "reason": "HTTP 200",
        "request": {
            "method": "POST",
            "url": f"https://{provider}.test/v1/images/generations",
            "headers": [["accept", "application/json"]],
            "body": "{}",
        },
        "response": {"status": 200, "headers": [], "body": "{}", "bytes": 2},
        "failure": None,
        "downloads": [],
        "images": [],
    }


def footer(
    complete: bool = True, conclusion: int = 0, problems: Sequence[str] = ()
) -> dict[str, Any]:
    """The last line of a run file, as JSON values."""
    return {
        "type": "end",
        "finished": "2026-01-02T03:05:00+00:00",
        "complete": complete,
        "whole": complete,
        "conclusion": conclusion,
        "counts": {},
        "problems": list(problems),
    }


def run(*records: Any, head: dict[str, Any] | None = None, end: Any = ...) -> Run:
    """A run of some records; complete if nothing else is said (`end=None`: cut off)."""
    values = footer() if end is ... else end
    result = Run(
        read_record(head or header(), RunHeader),
        footer=None if values is None else read_record(values, RunFooter),
    )
    for record in records or (exchange(), finding()):
        result.add(
            record
            if isinstance(record, Finding | Observation)
            else read_record(record, ExchangeRecord)
        )
    return result


def read_record(values: Any, type_: type[Known]) -> Known:
    """Read a record from JSON values."""
    return values if isinstance(values, type_) else msgspec.convert(values, type_)


def change_header(run_: Run, **members: Any) -> None:
    """Put other members into the header of a run."""
    run_.header = read_record(msgspec.to_builtins(run_.header) | members, RunHeader)


def change_exchange(run_: Run, name: str, **members: Any) -> None:
    """Put other members into an exchange of a run."""
    values = msgspec.to_builtins(run_.exchanges[name])
    run_.exchanges[name] = read_record(values | members, ExchangeRecord)


def broken_must(**changes: Any) -> Finding:
    """A broken MUST that nobody knew of."""
    values = {
        "message": "data[0] carries b64_json",
        "expected": "url",
        "observed": "b64_json",
        **changes,
    }
    return finding(verdict=Verdict.FAIL, **values)


def known_deviation(**changes: Any) -> Finding:
    """A broken MUST with a deviation beside the provider."""
    return broken_must(deviation="It always answers base64.", **changes)


def fallen_short() -> Run:
    """A run of which too little was decided, for a reason that is a known deviation."""
    undecided = finding("count.n-images", Verdict.UNAVAILABLE, deviation="It is out.")
    return run(exchange(), finding(), undecided)


def hostile(text: str, verdict: Verdict = Verdict.FAIL, **changes: Any) -> Run:
    """A run with one text in every place that a provider or its file can fill."""
    places = {"provider": text, "model": text, "case": text}
    texts = {"message": text, "expected": text, "observed": text, "control": text}
    head = header([text], [text], tool=text, edition={**EDITION, "title": text}, id=text)
    head["providers"][0] |= {"title": text, "base_url": text}
    head["clauses"] = [{"id": text, "level": "MUST", "statement": text, "citations": []}]
    judgement = finding(text, verdict, **places, **texts, **changes)
    about = {
        **exchange(**places),
        "request": {"method": text, "url": text, "headers": [], "body": ""},
    }
    observation = Observation(id=text, message=text, **places)
    end = footer(complete=False, conclusion=1, problems=[text])
    return run(about, observation, judgement, head=head, end=end)


def messy() -> Run:
    """A run of three providers with something of everything."""
    providers, models = ["acme", "relay", "slow"], ["dall-e-2", "dall-e-3", "gpt-image-1"]
    records: list[Any] = []
    for provider in providers:
        for model in models:
            records.append(exchange(provider, model, provenance="cassette"))
            records += _findings_of(provider, model)
    end = footer(conclusion=1, problems=["cassettes/x.yaml: remove it"])
    return run(*records, head=header(providers, models, "replay"), end=end)


def _findings_of(provider: str, model: str) -> list[Finding | Observation]:
    where: dict[str, Any] = {"provider": provider, "model": model}
    records: list[Finding | Observation] = [finding(name, **where) for name in LEVELS]
    records.append(Observation("flat-image", provider, model, "baseline", "data[0] is one colour"))
    if provider == "relay":
        records += [broken_must(**where, case=f"n-{number}") for number in range(3)]
        records.append(known_deviation(clause="count.n-images", case="n-2", **where))
        size: dict[str, Any] = {**where, "case": "size-1x1", "message": "HTTP 422"}
        records.append(finding("errors.status-400", Verdict.DEVIATES, **size))
    if provider == "slow" and model == "dall-e-2":
        why = "HTTP 429: rate limit reached; the provider asks to wait 60 seconds"
        records = [finding(name, Verdict.UNAVAILABLE, message=why, **where) for name in LEVELS]
    if provider == "slow" and model == "gpt-image-1":
        records.append(finding("extras.usage", Verdict.NOT_CLAIMED, message="no usage", **where))
    return records


def with_families(run_: Run) -> Run:
    """Let a run say which families its models are of."""
    families = {"dall-e-2": "dall-e", "dall-e-3": "dall-e", "gpt-image-1": "gpt-image"}
    change_header(run_, edition={**EDITION, "families": families})
    return run_


def write_run(run: Run, path: Path) -> None:
    """Write a whole run; of one that was read, byte for byte the file that it came from."""
    writer = RunWriter(path, run.header)
    for record in run.records:
        writer.add(record)
    writer.close(run.footer)
