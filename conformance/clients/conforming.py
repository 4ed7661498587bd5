"""The answers that the contract has in the place of recorded ones: the reference provider's."""

from __future__ import annotations

import json
from collections.abc import Sequence

import httpx

from conformance.clients.answers import VALID, Reply, Trial, reply_of
from conformance.contract import load_edition
from conformance.reference import ReferenceServer
from conformance.results.evidence import fold

_SECONDS = 60.0


def conforming_replies(trials: Sequence[Trial]) -> dict[str, Reply]:
    """Return by the key of each answer the documented one to the same request, where one is."""
    replies: dict[str, Reply] = {}
    for edition in {trial.edition for trial in trials}:
        with (
            ReferenceServer(load_edition(edition)) as server,
            httpx.Client(base_url=server.base_url, timeout=_SECONDS, trust_env=False) as client,
        ):
            asking = _Asking(client, server.key)
            for trial in trials:
                reply = asking.of(trial) if trial.edition == edition else None
                if reply is not None:
                    replies[trial.key] = reply
    return replies


class _Asking:
    """Requests to the reference provider."""

    def __init__(self, client: httpx.Client, key: str) -> None:
        self._client, self._key = client, f"Bearer {key}"

    def of(self, trial: Trial) -> Reply | None:
        """Return the documented answer; None where a success is not documented at all."""
        if not trial.reply.succeeded:
            return self._asked(*trial.sent)
        body = json.dumps(trial.request | {"model": trial.model})
        reply = self._asked(body, "application/json", VALID)
        return reply if reply.succeeded else None

    def _asked(self, body: str, content_type: str, authorization: str) -> Reply:
        key = self._key if authorization == VALID else authorization
        named = {"content-type": content_type, "authorization": key}
        response = self._client.post(
            "images/generations",
            content=body.encode("utf-8", "replace"),
            headers={name: value for name, value in named.items() if value},
        )
        kind = response.headers.get("content-type", "")
        return reply_of(response.status_code, kind, fold(response.content))
