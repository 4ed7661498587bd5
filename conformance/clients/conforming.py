"""The answers that the contract has in the place of recorded ones: the reference provider's."""

from __future__ import annotations

import json
from collections.abc import Sequence

import httpx

from conformance.clients.answers import VALID, Reply, Trial, reply_of
from conformance.contract import load_edition
from conformance.reference.server import ReferenceServer
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
            for trial in trials:
                if trial.edition != edition:
                    continue
                reply = _conforming_reply(trial, client, server.key)
                if reply is not None:
                    replies[trial.key] = reply
    return replies


def _conforming_reply(trial: Trial, client: httpx.Client, key: str) -> Reply | None:
    """Return the reference provider's answer; None where a success is not documented at all."""
    body, content_type, authorization = trial.sent
    if trial.reply.succeeded:
        body = json.dumps(trial.request | {"model": trial.model})
        content_type, authorization = "application/json", VALID
    if authorization == VALID:
        authorization = f"Bearer {key}"
    headers = {"content-type": content_type, "authorization": authorization}
    response = client.post(
        "images/generations",
        content=body.encode("utf-8", "replace"),
        headers={name: value for name, value in headers.items() if value},
    )
    kind = response.headers.get("content-type", "")
    reply = reply_of(response.status_code, kind, fold(response.content))
    return reply if reply.succeeded or not trial.reply.succeeded else None
