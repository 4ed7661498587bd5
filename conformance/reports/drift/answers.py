"""Answers that have another form than they had, though they break no clause for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from conformance.reports.drift.aspects import (
    ABSENT,
    Aspect,
    aspects,
    image_hosts,
    shape,
    stable_headers,
    status_class,
)
from conformance.reports.drift.baseline import NOT_DECIDED, Before, Key, exchange_key
from conformance.reports.drift.model import Change, Kind
from conformance.results.records import ExchangeRecord
from conformance.results.run_file import Run

ONCE = 5
"""Of so many answers compared, a difference in a single one is taken for chance."""

_BY_CHANCE = frozenset({"field", "header"})
_FEWEST = 3  # answers that must agree before a header's value is taken for constant


@dataclass(slots=True)
class _Difference:
    """One difference, in all answers that have it."""

    keys: list[Key] = field(default_factory=list)
    varied: int = 0  # of these, how many were seen as they are now on a night before


def shape_changes(found: Before, new: Run) -> list[Change]:
    """Give what changed in the form of answers: case by case, and told once for all cases."""
    pairs = [
        (key, found.exchanges[key], now)
        for now in new.exchanges.values()
        if (key := exchange_key(now)) in found.exchanges and now.outcome not in NOT_DECIDED
    ]
    compared = Counter(key[0] for key, _, _ in pairs)
    differences: dict[tuple[str, Aspect, str, str], _Difference] = {}
    for key, before, now in pairs:
        seen = [aspects(each) for each in found.all_exchanges[key][:-1]]
        for aspect, was, became in differing(before, now):
            here = differences.setdefault((key[0], aspect, was, became), _Difference())
            here.keys.append(key)
            here.varied += any(each.get(aspect, ABSENT) == became for each in seen)
    return [
        *_changes(differences, compared),
        *_header_values(pairs),
        *_hosts(found, new),
    ]


def differing(before: ExchangeRecord, now: ExchangeRecord) -> Iterator[tuple[Aspect, str, str]]:
    """Give each aspect that differs; of two statuses of different classes, only the status."""
    one, other = aspects(before), aspects(now)
    if status_class(one) != status_class(other):
        if one and other:
            yield ("status", ""), one["status", ""], other["status", ""]
        return
    unknown = _unknown(before, now)
    found = {
        aspect: (one.get(aspect, ABSENT), other.get(aspect, ABSENT))
        for aspect in (*one, *(each for each in other if each not in one))
        if aspect[0] not in unknown
    }
    changed = {aspect: both for aspect, both in found.items() if both[0] != both[1]}
    for aspect, (was, became) in changed.items():
        by_field = aspect[0] == "error" and ABSENT in (was, became)  # and told as a field
        if not by_field and not _below_another(aspect, changed):
            yield aspect, was, became


def _unknown(before: ExchangeRecord, now: ExchangeRecord) -> set[str]:
    """Name what one side does not know, so that it neither came nor went."""
    found = set()
    if shape(before) is None or shape(now) is None:
        found.add("field")
    if not before.images or not now.images:
        found.add("image type")
    return found


def _below_another(aspect: Aspect, changed: Mapping[Aspect, object]) -> bool:
    """Whether a field only came or went with the one that holds it."""
    what, path = aspect
    if what != "field":
        return False
    ends = [rank for rank, letter in enumerate(path) if letter in ".["]
    return any((what, path[:end]) in changed for end in ends)


def _changes(
    differences: Mapping[tuple[str, Aspect, str, str], _Difference], compared: Mapping[str, int]
) -> Iterator[Change]:
    for (provider, aspect, was, became), here in differences.items():
        back = (provider, aspect, became, was) in differences
        once = len(here.keys) == 1 and compared[provider] >= ONCE and aspect[0] in _BY_CHANCE
        noise = back or once or here.varied == len(here.keys)
        kind = Kind.NOISE if noise else Kind.INFORMATION
        yield _change(kind, provider, aspect, was, became, here.keys)


def _change(
    kind: Kind, provider: str, aspect: Aspect, was: str, became: str, keys: Iterable[Key]
) -> Change:
    where = list(keys)
    return Change(
        kind=kind,
        what=aspect[0],
        provider=provider,
        subject=aspect[1],
        before=was,
        after=became,
        models=tuple(dict.fromkeys(model for _, model, _ in where)),
        cases=tuple(dict.fromkeys(case for _, _, case in where)),
        count=len(where),
    )


def _header_values(pairs: Iterable[tuple[Key, ExchangeRecord, ExchangeRecord]]) -> Iterator[Change]:
    """Give headers whose value was one and the same in all answers, and is another in all."""
    before: dict[tuple[str, str], list[str]] = {}
    now: dict[tuple[str, str], list[str]] = {}
    keys: dict[str, list[Key]] = {}
    for key, was, became in pairs:
        keys.setdefault(key[0], []).append(key)
        for into, exchange in ((before, was), (now, became)):
            for name, value in stable_headers(exchange).items():
                into.setdefault((key[0], name), []).append(value)
    for (provider, name), values in now.items():
        old = before.get((provider, name), [])
        constant = len(set(old)) == len(set(values)) == 1 and min(len(old), len(values)) >= _FEWEST
        if constant and old[0] != values[0]:
            aspect = ("header value", name)
            yield _change(
                Kind.INFORMATION, provider, aspect, old[0], values[0], keys[provider][: len(values)]
            )


def _hosts(found: Before, new: Run) -> Iterator[Change]:
    """Give image hosts that no night before had, beside those that it had."""
    known: dict[str, dict[str, None]] = {}
    for key, exchanges in found.all_exchanges.items():
        for each in exchanges:
            known.setdefault(key[0], {}).update(dict.fromkeys(sorted(image_hosts(each))))
    fresh: dict[tuple[str, str], list[Key]] = {}
    for exchange in new.exchanges.values():
        key = exchange_key(exchange)
        for host in image_hosts(exchange) - known.get(key[0], {}).keys():
            fresh.setdefault((key[0], host), []).append(key)
    for (provider, host), keys in fresh.items():
        old = ", ".join(known.get(provider, {}))
        if old:
            yield _change(Kind.INFORMATION, provider, ("image host", ""), old, host, keys)
