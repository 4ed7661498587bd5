"""Where what a run judged came from: sent just now, or replayed, and recorded when and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from conformance.reports.grouping import group_by
from conformance.results.records import ExchangeRecord, ProviderRecord
from conformance.results.run_file import Run

_MODES = {"live": "live", "replay": "replay", "record": "live, recorded"}


@dataclass(frozen=True, slots=True)
class Origin:
    """One provider of one run."""

    provider: str
    title: str
    mode: str
    base_url: str
    started: str
    provenance: Mapping[str, int]
    first: str
    last: str
    targets: tuple[str, ...]

    @property
    def days(self) -> str:
        """The day, or first and last day, on which the exchanges were made (UTC)."""
        first, last = self.first[:10], self.last[:10]
        return first if first == last else f"{first} to {last}"

    @property
    def kind(self) -> str:
        """Where its exchanges came from, in a word or two."""
        return "replay" if self.mode == "replay" else self.how.split(",")[0]

    @property
    def how(self) -> str:
        """Mode and source, in words."""
        if self.mode == "foreign":
            return f"recorded by others, {self.days or 'at an unknown time'}"
        if self.mode == "replay":
            return f"replay of cassettes, recorded {self.days or 'at an unknown time'}"
        if self.provenance and set(self.provenance) == {"reference"}:
            return f"{_MODES[self.mode]}, embedded in the suite, {self.days or self.started[:10]}"
        return f"{_MODES[self.mode]}, {self.days or self.started[:10]}"

    @property
    def where(self) -> str:
        """The servers that answered; of a provider that was never asked, its address."""
        return ", ".join(self.targets) or _server(self.base_url)


def origins(runs: Sequence[Run]) -> list[Origin]:
    """Return where every provider's exchanges came from; nights of the same kind are one."""
    kinds: dict[Hashable, Origin] = {}
    for run in runs:
        exchanges = group_by(run.exchanges.values(), lambda exchange: exchange.provider)
        for provider in run.header.providers:
            origin = _origin(run, provider, exchanges.get(provider.id, []))
            # nights that the embedded provider answered are not one with those of a real server
            embedded = set(origin.provenance) == {"reference"}
            kind = (origin.provider, origin.mode, origin.where, embedded)
            if same := kinds.get(kind):
                origin = replace(
                    same,
                    started=min(same.started, origin.started),
                    provenance=Counter(same.provenance) + Counter(origin.provenance),
                    first=min(filter(None, (same.first, origin.first)), default=""),
                    last=max(same.last, origin.last),
                )
            kinds[kind] = origin
    return list(kinds.values())


def _origin(run: Run, provider: ProviderRecord, exchanges: Sequence[ExchangeRecord]) -> Origin:
    moments = sorted(exchange.sent_at for exchange in exchanges if exchange.sent_at)
    targets = Counter(_server(exchange.request.url) for exchange in exchanges)
    return Origin(
        provider=provider.id,
        title=provider.title,
        mode=provider.mode,
        base_url=provider.base_url,
        started=run.header.started,
        provenance=Counter(exchange.provenance for exchange in exchanges),
        first=moments[0] if moments else "",
        last=moments[-1] if moments else "",
        targets=tuple(name for name, _ in targets.most_common(2)),
    )


def _server(url: str) -> str:
    """Return scheme and host of a URL, and any other text as it is."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    host = parts.netloc.rpartition("@")[2]  # a name and password are nobody else's business
    return f"{parts.scheme}://{host}" if host else url
