"""Answers that have another form than they had, though they break no clause for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from msgspec.structs import asdict

from conformance.output.printing import printable
from conformance.reports.drift.model import ABSENT, NOT_ANSWERED, Baseline, ChangeKind, DriftChange
from conformance.reports.grouping import group_by
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run

Aspect = tuple[str, str]
"""What it is, and of what: ``("field", "data[].url")``."""

Pairs = Sequence[tuple[ExchangeRecord, ExchangeRecord]]
"""The same requests, answered before and now."""

ONCE = 5
"""Of so many answers compared, a difference in a single one is taken for chance."""

_BY_CHANCE = frozenset({"field", "header"})
_FEWEST = 3  # answers that must agree before a header's value is taken for constant
_PRESENT = "present"
_VOLATILE = re.compile(
    r"date|age|expires|last-modified|etag|content-length|set-cookie|retry-after|via|cf-ray"
    r"|.*(request|trace|span|correlation)-?id|.*-ms|.*-time|.*runtime|.*ratelimit.*|x-cache.*"
    r"|report-to|nel|traceparent|x-served-by|x-timer|connection|keep-alive|transfer-encoding"
    r"|content-encoding|vary|alt-svc"
)


@dataclass(slots=True)
class _Difference:
    """One difference, in all answers that have it."""

    where: list[ExchangeRecord] = field(default_factory=list)
    varied: int = 0  # of these, how many were seen as they are now on a night before


def answer_changes(baseline: Baseline, new: Run, flaky: Collection[str]) -> list[DriftChange]:
    """Return what changed in the form of answers, case by case, but reported once for all cases.

    The answers of `flaky` exchanges are left out: what they lack is what became unreliable.
    """
    pairs = [
        (baseline.answers[exchange.path][-1], exchange)
        for exchange in new.exchanges.values()
        if exchange.path in baseline.answers
        and exchange.outcome not in NOT_ANSWERED
        and exchange.path not in flaky
    ]
    differences: dict[tuple[str, Aspect, str, str], _Difference] = {}
    for before, now in pairs:
        earlier_aspects = [_aspects(exchange) for exchange in baseline.answers[now.path][:-1]]
        for aspect, was, became in _differences(before, now):
            difference = differences.setdefault((now.provider, aspect, was, became), _Difference())
            difference.where.append(now)
            once_before = (aspects.get(aspect, ABSENT) == became for aspects in earlier_aspects)
            difference.varied += any(once_before)
    compared = Counter(now.provider for _, now in pairs)
    changes = []
    for (provider, aspect, was, became), difference in differences.items():
        count = len(difference.where)
        is_single = count == 1 and compared[provider] >= ONCE and aspect[0] in _BY_CHANCE
        is_reversed = (provider, aspect, became, was) in differences  # from answer to answer
        noise = is_single or is_reversed or difference.varied == count
        responses = [exchange.response for exchange in difference.where if exchange.response]
        succeeded = any(response.status // 100 == 2 for response in responses)
        if (aspect[0], became) == ("field", ABSENT) and succeeded:
            noise = False  # a client may read it
        kind = ChangeKind.NOISE if noise else ChangeKind.INFORMATION
        changes.append(_change(aspect, was, became, difference.where, kind))
    return [*changes, *_header_values(pairs), *_hosts(baseline, new)]


def _change(
    aspect: Aspect,
    was: str,
    became: str,
    where: Sequence[ExchangeRecord],
    kind: ChangeKind = ChangeKind.INFORMATION,
) -> DriftChange:
    return DriftChange(
        kind=kind,
        what=aspect[0],
        provider=where[0].provider,
        subject=aspect[1],
        before=was,
        after=became,
        models=tuple(dict.fromkeys(exchange.model for exchange in where)),
        cases=tuple(dict.fromkeys(exchange.case for exchange in where)),
        count=len(where),
    )


def _header_values(pairs: Pairs) -> Iterator[DriftChange]:
    """Yield headers whose value was one and the same in all answers, and is another in all."""
    old_values: dict[tuple[str, str], list[str]] = {}
    new_values: dict[tuple[str, str], list[str]] = {}
    answers = group_by((now for _, now in pairs), lambda exchange: exchange.provider)
    for both in pairs:
        for values_by_header, exchange in zip((old_values, new_values), both, strict=True):
            headers = exchange.response.headers if exchange.response else ()
            # by its lower-case name, so that one that comes twice counts once, by its last value
            for name, value in {name.lower(): value for name, value in headers}.items():
                if name != "content-type" and not _VOLATILE.fullmatch(name):
                    values_by_header.setdefault((exchange.provider, name), []).append(value)
    for (provider, name), values in new_values.items():
        old = old_values.get((provider, name), [])
        constant = len(set(old)) == len(set(values)) == 1 and min(len(old), len(values)) >= _FEWEST
        if constant and old[0] != values[0]:
            exchanges = answers[provider][: len(values)]
            yield _change(("header value", name), old[0], values[0], exchanges)


def _hosts(baseline: Baseline, new: Run) -> Iterator[DriftChange]:
    """Yield image hosts that no night before had, beside those that it had."""
    known_hosts: dict[str, dict[str, None]] = {}
    for exchanges in baseline.answers.values():
        for exchange in exchanges:
            hosts = dict.fromkeys(sorted(_image_hosts(exchange)))
            known_hosts.setdefault(exchange.provider, {}).update(hosts)
    new_hosts: dict[tuple[str, str], list[ExchangeRecord]] = {}
    for exchange in new.exchanges.values():
        for host in _image_hosts(exchange) - known_hosts.get(exchange.provider, {}).keys():
            new_hosts.setdefault((exchange.provider, host), []).append(exchange)
    for (provider, host), where in new_hosts.items():
        if old := ", ".join(known_hosts.get(provider, {})):
            yield _change(("image host", ""), old, host, where)


def _differences(before: ExchangeRecord, now: ExchangeRecord) -> Iterator[tuple[Aspect, str, str]]:
    """Yield each aspect that differs; of two statuses of different classes, only the status."""
    old_aspects, new_aspects = _aspects(before), _aspects(now)
    if not old_aspects or not new_aspects:
        return
    status = "status", ""
    if old_aspects[status][:1] != new_aspects[status][:1]:
        yield status, old_aspects[status], new_aspects[status]
        return
    unknown = set()  # and not absent: a shape that is too long to be kept, images that never came
    if _shape(before) is None or _shape(now) is None:
        unknown.add("field")
    if not before.images or not now.images:
        unknown.add("image type")
    changed = {
        aspect: (old_aspects.get(aspect, ABSENT), new_aspects.get(aspect, ABSENT))
        for aspect in {**old_aspects, **new_aspects}
        if aspect[0] not in unknown
        and old_aspects.get(aspect, ABSENT) != new_aspects.get(aspect, ABSENT)
    }
    for aspect, (was, became) in changed.items():
        part, path = aspect
        # what came or went of an error is a field as well
        is_field = part == "error" and ABSENT in (was, became)
        # a field may only have come or gone with the one that holds it
        ends = [rank for rank, letter in enumerate(path) if letter in ".["]
        is_below = part == "field" and any((part, path[:end]) in changed for end in ends)
        if not is_field and not is_below:
            yield aspect, was, became


def _aspects(exchange: ExchangeRecord) -> dict[Aspect, str]:
    """Return what can be compared of an exchange; what it does not know is left out."""
    if exchange.response is None:
        return {}
    aspects: dict[Aspect, str] = {("status", ""): str(exchange.response.status)}
    for name, value in exchange.response.headers:
        lower_name = name.lower()
        if lower_name == "content-type":
            aspects["header", lower_name] = value.split(";", 1)[0].strip().lower()
        elif not _VOLATILE.fullmatch(lower_name):
            aspects["header", lower_name] = _PRESENT
    types: dict[str, set[str]] = {}
    for entry in _shape(exchange) or ():
        path, _, type_ = entry.rpartition(":")
        types.setdefault(path, set()).add(type_)
    aspects.update({("field", path): "|".join(sorted(names)) for path, names in types.items()})
    if exchange.error is not None:
        for name, value in asdict(exchange.error).items():
            aspects["error", name] = ABSENT if value is None else value
    if images := {image.type for image in exchange.images if image.type}:
        aspects["image type", ""] = "|".join(sorted(images))
    return aspects


def _shape(exchange: ExchangeRecord) -> tuple[str, ...] | None:
    """Return the shape of a body; None also if it has more paths than are kept."""
    return None if exchange.shape is None or "…" in exchange.shape else exchange.shape


def _image_hosts(exchange: ExchangeRecord) -> set[str]:
    """Return the hosts of an answer's images; numbers in a name stand for any: they are shards."""
    hosts = set()
    for download in exchange.downloads:
        with suppress(ValueError):
            if host := urlsplit(download.url).hostname:
                hosts.add(printable(re.sub(r"\d+", "#", host), 100))
    return hosts
