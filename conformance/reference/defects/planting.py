"""How a lie is planted: one seam of the truthful steps is wrapped, and the wrapper has an id.

The decorators below name the seam by what the lie touches; what they decorate is the whole lie.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from conformance.reference.painting import FINISHED

if TYPE_CHECKING:
    from conformance.contract import Asked
    from conformance.reference.answers import Job, Painter, Place
    from conformance.reference.errors import Refusal
    from conformance.reference.steps import Steps
    from conformance.reference.urls import Signer

Plant = Callable[["Steps"], "Steps"]
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Defect:
    """One lie of the reference provider, and the clauses that claim to see it."""

    id: str
    lie: str
    claims: tuple[str, ...]
    modes: tuple[str, ...]
    plant: Plant
    silent: bool = False
    """Whether the lie is an outage: its clauses become *unavailable*, and none turns red."""

    @property
    def chapter(self) -> str:
        """The first part of the id."""
        return self.id.split(".", 1)[0]


REGISTRY: dict[str, Defect] = {}


def planted(
    name: str,
    *claims: str,
    modes: Sequence[str] = (),
    silent: bool = False,
) -> Callable[[Plant], Plant]:
    """Register a function that makes lying steps of truthful ones; its docstring is the lie."""

    def register(plant: Plant) -> Plant:
        if name in REGISTRY:
            raise ValueError(f"defect id {name!r} is used twice")
        lie = " ".join((plant.__doc__ or "").split())
        REGISTRY[name] = Defect(name, lie, claims, tuple(modes), plant, silent)
        return plant

    return register


_ASKED: ContextVar[Asked] = ContextVar("the request being answered")


def asked() -> Asked:
    """Give the request behind the answer that a lie is about to change."""
    return _ASKED.get()


def remembering(steps: Steps) -> Steps:
    """Keep what was asked, which a job no longer tells from what was chosen."""

    def resolve(request: Asked) -> Job:
        _ASKED.set(request)
        return steps.resolve(request)

    return replace(steps, resolve=resolve)


def documented(plant: Plant, lie: object) -> Plant:
    """Carry the docstring of a lie over to what plants it."""
    plant.__doc__ = lie.__doc__
    return plant


def in_body(lie: Callable[[Body, Job], object]) -> Plant:
    """Let a lie change the body of a plain success in place."""

    def plant(steps: Steps) -> Steps:
        def answer(job: Job, images: Sequence[bytes], place: Place) -> Body:
            body = steps.answer(job, images, place)
            lie(body, job)
            return body

        return replace(remembering(steps), answer=answer)

    return documented(plant, lie)


def in_items(lie: Callable[[Body, Job], object]) -> Plant:
    """Let a lie change every item of a plain success in place."""

    def every(body: Body, job: Job) -> None:
        for item in body["data"]:
            lie(item, job)

    return documented(in_body(every), lie)


def in_url(lie: Callable[[str], str]) -> Plant:
    """Let a lie replace the URL of every item that has one."""

    def item_url(item: Body, _job: Job) -> None:
        if "url" in item:
            item["url"] = lie(item["url"])

    return documented(in_items(item_url), lie)


def in_base64(lie: Callable[[str], str]) -> Plant:
    """Let a lie replace the base64 of every item that has some."""

    def item_base64(item: Body, _job: Job) -> None:
        if "b64_json" in item:
            item["b64_json"] = lie(item["b64_json"])

    return documented(in_items(item_base64), lie)


def in_usage(lie: Callable[[Body], object]) -> Plant:
    """Let a lie change the `usage` of a plain success in place."""

    def usage(body: Body, _job: Job) -> None:
        if "usage" in body:
            lie(body["usage"])

    return documented(in_body(usage), lie)


def in_text(lie: Callable[[bytes], bytes]) -> Plant:
    """Let a lie change the bytes of a plain success."""

    def plant(steps: Steps) -> Steps:
        def encode(body: Mapping[str, Any]) -> bytes:
            text = steps.encode(body)
            return text if "object" in body else lie(text)

        return replace(steps, encode=encode)

    return documented(plant, lie)


def in_image(lie: Callable[[bytes, Job], bytes]) -> Plant:
    """Let a lie change the image file of every base64 item; streams keep to the truth."""

    def plant(steps: Steps) -> Steps:
        def paint(job: Job, index: int, stage: int = FINISHED) -> bytes:
            data = steps.paint(job, index, stage)
            return data if job.stream else lie(data, job)

        return replace(remembering(steps), paint=paint)

    return documented(plant, lie)


def in_job(lie: Callable[[Job], Job]) -> Plant:
    """Let a lie paint something else than was asked, and say that it did as asked."""

    def plant(steps: Steps) -> Steps:
        def paint(job: Job, index: int, stage: int = FINISHED) -> bytes:
            return steps.paint(job if job.stream else lie(job), index, stage)

        def answer(job: Job, images: Sequence[bytes], place: Place) -> Body:
            other = lie(job) if job.payload == "url" else job
            return steps.answer(other, images, place)

        return replace(remembering(steps), paint=paint, answer=answer)

    return documented(plant, lie)


def resolving(lie: Callable[[Job, Asked], Job]) -> Plant:
    """Let a lie settle a request otherwise, and then keep to that in all it says and paints."""

    def plant(steps: Steps) -> Steps:
        def resolve(request: Asked) -> Job:
            return lie(steps.resolve(request), request)

        return replace(steps, resolve=resolve)

    return documented(plant, lie)


def validating(lie: Callable[[Asked], Refusal | None]) -> Plant:
    """Let a lie refuse what it dislikes; what it does not is validated as it should be."""

    def plant(steps: Steps) -> Steps:
        def validate(request: Asked, served: Collection[str]) -> Refusal | None:
            return lie(request) or steps.validate(request, served)

        return replace(steps, validate=validate)

    return documented(plant, lie)


def in_finished(lie: Callable[[Response], object]) -> Plant:
    """Let a lie change an answer to the endpoints in place, when all is done."""

    def plant(steps: Steps) -> Steps:
        def finish(response: Response, started: float) -> Response:
            finished = steps.finish(response, started)
            lie(finished)
            return finished

        return replace(steps, finish=finish)

    return documented(plant, lie)


def in_refusal(lie: Callable[[Refusal], Refusal | Response]) -> Plant:
    """Let a lie refuse with something else, or answer instead."""

    def plant(steps: Steps) -> Steps:
        def refuse(refusal: Refusal, key: str) -> Response:
            other = lie(refusal)
            return other if isinstance(other, Response) else steps.refuse(other, key)

        return replace(steps, refuse=refuse)

    return documented(plant, lie)


def in_error(lie: Callable[[Body], object]) -> Plant:
    """Let a lie change the body of every refusal in place, or give another instead."""

    def plant(steps: Steps) -> Steps:
        def refuse(refusal: Refusal, key: str) -> Response:
            truth = steps.refuse(refusal, key)
            body = json.loads(bytes(truth.body))
            other = lie(body)
            return json_response(body if other is None else other, truth.status_code)

        return replace(steps, refuse=refuse)

    return documented(plant, lie)


def in_file(lie: Callable[[Response], Response]) -> Plant:
    """Let a lie answer an image URL in place of the file."""

    def plant(steps: Steps) -> Steps:
        def file(name: str, query: Mapping[str, str], signer: Signer) -> Response:
            truth = steps.file(name, query, signer)
            return lie(truth) if truth.status_code == 200 else truth

        return replace(steps, file=file)

    return documented(plant, lie)


def in_events(lie: Callable[[Iterator[Body], Job], Iterator[Body]]) -> Plant:
    """Let a lie drop, add or change the events of a stream."""

    def plant(steps: Steps) -> Steps:
        def events(job: Job, painter: Painter, place: Place) -> Iterator[Body]:
            return lie(steps.events(job, painter, place), job)

        return replace(steps, events=events)

    return documented(plant, lie)


def in_completed(lie: Callable[[Body], object]) -> Plant:
    """Let a lie change the completed event of a stream in place."""
    return documented(_in_event("image_generation.completed", lie), lie)


def in_partial(lie: Callable[[Body], object]) -> Plant:
    """Let a lie change every partial event of a stream in place."""
    return documented(_in_event("image_generation.partial_image", lie), lie)


def _in_event(kind: str, lie: Callable[[Body], object]) -> Plant:
    def every(events: Iterator[Body], _job: Job) -> Iterator[Body]:
        for event in events:
            if event["type"] == kind:
                lie(event)
            yield event

    return in_events(every)


def in_frame(lie: Callable[[bytes, str], bytes]) -> Plant:
    """Let a lie change the bytes of an event; it is told the event's type."""

    def plant(steps: Steps) -> Steps:
        def encode_event(event: Mapping[str, Any]) -> bytes:
            return lie(steps.encode_event(event), str(event["type"]))

        return replace(steps, encode_event=encode_event)

    return documented(plant, lie)


def in_model_list(lie: Callable[[Body], object]) -> Plant:
    """Let a lie change the model list in place, or raise in its stead."""

    def plant(steps: Steps) -> Steps:
        def model_list(edition: Any, served: Sequence[str]) -> Body:
            listing = copy.deepcopy(steps.model_list(edition, served))
            lie(listing)
            return listing

        return replace(steps, model_list=model_list)

    return documented(plant, lie)


def json_response(body: object, status: int = 200) -> Response:
    """Answer JSON."""
    return Response(json.dumps(body), status, media_type="application/json")
