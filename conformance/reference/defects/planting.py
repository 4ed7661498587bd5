"""How a defect is planted: one truthful step is wrapped, and the wrapper has an id.

The functions below name the step by what the lie touches; what they are given is the whole lie.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from starlette.responses import Response

from conformance.contract import Edition, RequestBody
from conformance.parsing.images.facts import inspect_image
from conformance.reference.answers import AnswerContext, Job, Painter, picture
from conformance.reference.errors import Refusal
from conformance.reference.painting import FINISHED
from conformance.reference.steps import Steps
from conformance.reference.urls import Signer, picture_named

Plant = Callable[["Steps"], "Steps"]
Lie = TypeVar("Lie", bound=Callable[..., object])
Body = dict[str, Any]
Refuse = Callable[[Refusal, str], Response]


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
    in_urls: bool = False
    """Whether it is a lie about URLs, and so none where no model answers with one."""
    public: bool = False
    """Whether it is a lie of a provider at a public https address alone, and none on loopback."""

    @property
    def chapter(self) -> str:
        """The first part of the id."""
        return self.id.split(".", 1)[0]


REGISTRY: dict[str, Defect] = {}


def planted(
    where: Callable[[Lie], Plant],
    name: str,
    *claims: str,
    modes: Sequence[str] = (),
    silent: bool = False,
    in_urls: bool = False,
    public: bool = False,
) -> Callable[[Lie], Lie]:
    """Register a lie under its id, planted by one of the functions below; its docstring tells it.

    ``claims`` are the ids of the clauses that have to see it.
    """

    def register(lie: Lie) -> Lie:
        if name in REGISTRY:
            raise ValueError(f"defect id {name!r} is used twice")
        words, plant = " ".join((lie.__doc__ or "").split()), where(lie)
        REGISTRY[name] = Defect(name, words, claims, tuple(modes), plant, silent, in_urls, public)
        return lie

    return register


def in_steps(plant: Plant) -> Plant:
    """Let a lie say itself which steps it changes."""
    return plant


_REQUEST: ContextVar[RequestBody] = ContextVar("the request being answered")


def current_request() -> RequestBody:
    """Return the request behind the answer that a lie is about to change."""
    return _REQUEST.get()


def remembering(steps: Steps) -> Steps:
    """Keep the request for `current_request`: a job does not say what of it was asked for."""

    def resolve(request: RequestBody) -> Job:
        _REQUEST.set(request)
        return steps.resolve(request)

    return replace(steps, resolve=resolve)


def in_step(step: str) -> Callable[[Callable[..., Any]], Plant]:
    """Let a lie replace one step: it is called with the truthful step and then its arguments."""

    def decorate(lie: Callable[..., Any]) -> Plant:
        def plant(steps: Steps) -> Steps:
            truth = getattr(steps, step)
            base = remembering(steps) if step in ("answer", "paint") else steps
            return replace(base, **{step: lambda *values: lie(truth, *values)})

        return plant

    return decorate


def in_body(lie: Callable[[Body, Job], object]) -> Plant:
    """Let a lie change the body of a plain success in place."""

    def lying(answer: Any, job: Job, images: Sequence[bytes], context: AnswerContext) -> Body:
        body: Body = answer(job, images, context)
        lie(body, job)
        return body

    return in_step("answer")(lying)


def in_items(lie: Callable[[Body, Job], object]) -> Plant:
    """Let a lie change every item of a plain success in place."""

    def lying(body: Body, job: Job) -> None:
        for item in body["data"]:
            lie(item, job)

    return in_body(lying)


def _in_member(name: str, lie: Callable[[str], str]) -> Plant:
    """Let a lie replace a member of every item that has it."""

    def lying(item: Body, _job: Job) -> None:
        if name in item:
            item[name] = lie(item[name])

    return in_items(lying)


in_url, in_base64 = partial(_in_member, "url"), partial(_in_member, "b64_json")


def in_usage(lie: Callable[[Body], object]) -> Plant:
    """Let a lie change the `usage` of a plain success in place."""

    def usage(body: Body, _job: Job) -> None:
        if "usage" in body:
            lie(body["usage"])

    return in_body(usage)


def in_text(lie: Callable[[bytes], bytes]) -> Plant:
    """Let a lie change the bytes of a plain success."""
    # the list of models has the member `object`
    return in_step("encode")(
        lambda encode, body: encode(body) if "object" in body else lie(encode(body))
    )


def in_image(lie: Callable[[bytes, Job], bytes]) -> Plant:
    """Let a lie change every image file, in base64 or behind a URL; streams keep to the truth."""
    jobs: dict[str, Job] = {}  # by the seed of a picture: a URL does not say what was asked

    def painted(paint: Painter, job: Job, index: int, stage: int = FINISHED) -> bytes:
        data = paint(job, index, stage)
        return data if job.stream else lie(data, job)

    def answered(answer: Any, job: Job, images: Sequence[bytes], context: AnswerContext) -> Body:
        jobs.update((picture(job, index).seed, job) for index in range(job.n))
        body: Body = answer(job, images, context)
        return body

    def filed(file: Any, name: str, query: Mapping[str, str], signer: Signer) -> Response:
        truth: Response = file(name, query, signer)
        shown_picture = picture_named(name)
        job = jobs.get(shown_picture.seed) if shown_picture and truth.status_code == 200 else None
        if job is None:
            return truth
        data = lie(bytes(truth.body), job)
        return Response(data, media_type=f"image/{inspect_image(data).type}")

    def plant(steps: Steps) -> Steps:
        return in_step("file")(filed)(in_step("answer")(answered)(in_step("paint")(painted)(steps)))

    return plant


def in_job(lie: Callable[[Job], Job]) -> Plant:
    """Let a lie paint something else than was asked, and say that it did as asked."""

    def painted(paint: Painter, job: Job, index: int, stage: int = FINISHED) -> bytes:
        return paint(job if job.stream else lie(job), index, stage)

    def answered(answer: Any, job: Job, images: Sequence[bytes], context: AnswerContext) -> Body:
        other: Body = answer(lie(job) if job.payload == "url" else job, images, context)
        return other

    return lambda steps: in_step("answer")(answered)(in_step("paint")(painted)(steps))


def resolving(lie: Callable[[Job, RequestBody], Job]) -> Plant:
    """Let a lie settle a request otherwise, and then keep to that in all it says and paints."""
    return in_step("resolve")(lambda resolve, request: lie(resolve(request), request))


def validating(lie: Callable[[RequestBody], Refusal | None]) -> Plant:
    """Let a lie refuse requests; those that it does not refuse are validated as they should be."""
    return in_step("validate")(
        lambda validate, request, served: lie(request) or validate(request, served)
    )


def rereading(lie: Callable[[RequestBody], RequestBody]) -> Plant:
    """Let a lie put another request in the place of the one that came."""
    return lambda steps: replace(
        steps,
        validate=lambda request, served: steps.validate(lie(request), served),
        resolve=lambda request: steps.resolve(lie(request)),
    )


def forgiving(
    steps: Steps, parameter: str | None, forgives: Callable[[RequestBody], bool]
) -> Steps:
    """Drop a parameter if it is the only fault of a request and `forgives` accepts it.

    Without a parameter every fault is forgiven.
    """

    def mended(request: RequestBody, served: Collection[str]) -> RequestBody:
        faulty = {violation.parameter for violation in request.violations}
        has_other_fault = parameter is not None and faulty != {parameter}
        if not faulty or has_other_fault or not forgives(request):
            return request
        defaults = {"prompt": "a small boat", "model": next(iter(served))}
        body = {name: value for name, value in request.body.items() if name not in faulty}
        return request.reread(
            body | {name: value for name, value in defaults.items() if name in faulty}
        )

    return replace(
        steps,
        validate=lambda request, served: steps.validate(mended(request, served), served),
        resolve=lambda request: steps.resolve(mended(request, tuple(request.edition.models))),
    )


def in_finished(lie: Callable[[Response], object]) -> Plant:
    """Let a lie change an answer to the endpoints in place, when all is done."""

    def lying(finish: Any, response: Response, started: float) -> Response:
        finished: Response = finish(response, started)
        lie(finished)
        return finished

    return in_step("finish")(lying)


def in_refusal(lie: Callable[[Refusal], Refusal | Response]) -> Plant:
    """Let a lie refuse with something else, or answer instead."""

    def lying(refuse: Refuse, refusal: Refusal, key: str) -> Response:
        other = lie(refusal)
        return other if isinstance(other, Response) else refuse(other, key)

    return in_step("refuse")(lying)


def in_error(lie: Callable[[Body], object]) -> Plant:
    """Let a lie change the body of every refusal in place, or return another instead."""

    def lying(refuse: Refuse, refusal: Refusal, key: str) -> Response:
        truth = refuse(refusal, key)
        body = json.loads(bytes(truth.body))
        other = lie(body)
        return json_response(body if other is None else other, truth.status_code)

    return in_step("refuse")(lying)


def in_file(lie: Callable[[Response], Response]) -> Plant:
    """Let a lie answer an image URL in place of the file."""

    def lying(file: Any, name: str, query: Mapping[str, str], signer: Signer) -> Response:
        truth: Response = file(name, query, signer)
        return lie(truth) if truth.status_code == 200 else truth

    return in_step("file")(lying)


def in_events(lie: Callable[[Iterator[Body], Job], Iterator[Body]]) -> Plant:
    """Let a lie drop, add or change the events of a stream."""
    return in_step("events")(
        lambda events, job, painter, context: lie(events(job, painter, context), job)
    )


def _in_event(kind: str, lie: Callable[[Body], object]) -> Plant:
    """Let a lie change every event of one type in place."""

    def lying(events: Iterator[Body], _job: Job) -> Iterator[Body]:
        for event in events:
            if event["type"] == kind:
                lie(event)
            yield event

    return in_events(lying)


in_completed = partial(_in_event, "image_generation.completed")
in_partial = partial(_in_event, "image_generation.partial_image")


def in_frame(lie: Callable[[bytes, str], bytes]) -> Plant:
    """Let a lie change the bytes of an event; the lie also gets the type of the event."""
    return in_step("encode_event")(
        lambda encode_event, event: lie(encode_event(event), str(event["type"]))
    )


def in_model_list(lie: Callable[[Body], object]) -> Plant:
    """Let a lie change the model list in place, or raise instead."""

    def lying(model_list: Any, edition: Edition, served: Sequence[str]) -> Body:
        listing: Body = copy.deepcopy(model_list(edition, served))
        lie(listing)
        return listing

    return in_step("model_list")(lying)


def json_response(body: object, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(json.dumps(body), status, media_type="application/json")
