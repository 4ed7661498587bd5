"""URL or base64: which member of an item carries the image, by model and response_format."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.clauses.bindings import (
    SUCCESS,
    all_of,
    answered_with,
    asks,
    family,
    left_open,
    not_,
    omits,
    plain,
    promised,
)
from conformance.clauses.refusals import refusal_by_name, reply
from conformance.clauses.registry import Needs, Shape, cite, clause, register
from conformance.clauses.stand_ins import lone_task
from conformance.clauses.subject import NotTestableError, Problem, Subject
from conformance.contract import Level
from conformance.exchange.answer import Payload
from conformance.exchange.error_text import read_error

IN_FORMAT = all_of(promised("response_format"), plain)
DALL_E = all_of(IN_FORMAT, family("dall-e"))
NAMES = ("url", "b64_json")


def typed_payloads(subject: Subject) -> tuple[Payload, ...]:
    """Return the items whose payload members are strings, null or absent, or *not testable*."""
    payloads = tuple(
        payload
        for payload in subject.payloads
        if not any(payload.state(name).startswith("a ") for name in NAMES)  # such as "a number"
    )
    if not payloads:
        raise NotTestableError("url and b64_json are not strings")
    if task := lone_task(subject):
        raise NotTestableError(f"data holds a task and no image: {task}")
    return payloads


def _lacks_payload(subject: Subject, name: str) -> Iterator[Problem]:
    for payload in typed_payloads(subject):
        if name not in payload.carries:
            yield Problem(f"{payload.path} has no {name}", f"{name} filled", _holds(payload))


def _holds(payload: Payload) -> str:
    """Return what an item holds in place of an image: the words of an error, where it is one."""
    words = read_error(payload.item).words if payload.item.get("error") is not None else ""
    return payload.describe() + (f"; it is an error: {words}" if words else "")


carries = Shape(_lacks_payload)

carries(
    "format.url-when-asked",
    Level.MUST,
    "A dall-e model that is asked for `response_format: url` answers with URLs.",
    cite("cometapi", "Response behaviour by model"),
    cite("cometapi", "Body: response_format"),
    cite("openai", "CreateImageRequest.response_format"),
    binds=all_of(DALL_E, asks("response_format", "url")),
    about="url",
    how="Every item of `data` has a `url` that is a string with something in it.",
)

carries(
    "format.url-by-default",
    Level.MUST,
    "A model whose images are URLs answers with URLs when no response_format is asked.",
    cite("openai", "CreateImageRequest.response_format"),
    cite("cometapi", "200: example"),
    binds=all_of(IN_FORMAT, omits("response_format"), answered_with("url")),
    about="url",
    how="Every item of `data` has a filled `url` when `response_format` is absent or null.",
)

carries(
    "format.b64-when-asked",
    Level.MUST,
    "A dall-e model that is asked for `response_format: b64_json` answers with base64.",
    cite("cometapi", "Response behaviour by model"),
    cite("cometapi", "Body: response_format"),
    cite("openai", "CreateImageRequest.response_format"),
    binds=all_of(DALL_E, asks("response_format", "b64_json")),
    about="b64_json",
    how="Every item of `data` has a `b64_json` that is a string with something in it.",
)

carries(
    "format.gpt-image-b64",
    Level.MUST,
    "A GPT image model answers with base64, and never with a URL alone.",
    cite("openai", "CreateImageRequest.response_format"),
    cite("cometapi", "Response behaviour by model"),
    binds=all_of(IN_FORMAT, family("gpt-image"), omits("response_format")),
    about="b64_json",
    how="Every item of `data` has a filled `b64_json`, when no `response_format` was asked.",
)


@clause(
    "format.gpt-image-response-format",
    Level.MUST,
    "A GPT image model ignores response_format and answers with base64, or refuses it by name.",
    cite("openai", "CreateImageRequest.response_format"),
    cite("cometapi", "Body: response_format"),
    cite("cometapi-later", "Body: response_format"),
    cite("cometapi-blog", "response_format"),
    binds=all_of(left_open("gpt-image-response-format"), family("gpt-image"), plain),
    needs=Needs.ACCEPTANCE,
)
def gpt_image_response_format(subject: Subject) -> Iterator[Problem]:
    """The sources contradict each other, so both ways are fine: success with a filled
    `b64_json` in every item, or a 4xx whose `error.param` or `error.message` says
    `response_format`; or, where there is no error object, its text. A URL alone, a refusal for
    no stated reason, a redirect, and a 5xx every time while other requests are accepted before and
    after are not.
    """
    if subject.outcome.answered:
        yield from _lacks_payload(subject, "b64_json")
    elif subject.control is None and subject.response.status == 404:
        raise NotTestableError(f"refused for another reason: {reply(subject)}")
    else:
        yield from refusal_by_name(subject, ["response_format"])


def _carries_nothing(subject: Subject) -> Iterator[Problem]:
    for payload in typed_payloads(subject):
        if not payload.carries:
            yield Problem(f"{payload.path} carries nothing", "either member", _holds(payload))


register(
    "format.qwen-image-either",
    Level.MUST,
    "qwen-image answers with a URL or with base64.",
    cite("cometapi", "Body: response_format"),
    cite("alibaba", "output.results"),
    binds=all_of(SUCCESS, family("qwen-image"), answered_with("either")),
    judge=_carries_nothing,
    how="Every item of `data` has a filled `url` or a filled `b64_json`, whatever was asked.",
)

register(
    "format.any-model-either",
    Level.MUST,
    "A model that is not named, or not documented, answers with a URL or with base64, as all do.",
    cite("openai", "Image"),
    cite("cometapi", "Body: response_format"),
    binds=all_of(SUCCESS, not_(family("dall-e", "gpt-image", "qwen-image"))),
    judge=_carries_nothing,
    how="Every item of `data` has a filled `url` or a filled `b64_json`, whatever was asked.",
)


def _carries_both(subject: Subject) -> Iterator[Problem]:
    carrying = [payload for payload in typed_payloads(subject) if payload.carries]
    if not carrying:
        raise NotTestableError("no item carries an image")
    for payload in carrying:
        if len(payload.carries) > 1:
            yield Problem(f"{payload.path} has both members", "one member", payload.describe())


register(
    "format.one-payload",
    Level.MUST,
    "An item carries its image in one member, not in both.",
    cite("openai", "Image.b64_json"),
    cite("openai", "Image.url"),
    cite("cometapi", "Body: response_format"),
    binds=all_of(SUCCESS, family("dall-e", "gpt-image")),
    judge=_carries_both,
    how="Fails when `url` and `b64_json` are both filled; null and empty do not count as filled.",
)

register(
    "format.qwen-image-one-payload",
    Level.SHOULD,
    "An item of qwen-image carries its image in one member, not in both.",
    cite("cometapi", "Body: response_format"),
    binds=all_of(SUCCESS, family("qwen-image")),
    judge=_carries_both,
    how="Fails when `url` and `b64_json` are both filled; no source forbids it for this model.",
)


def _unused(subject: Subject, state: str) -> Iterator[Problem]:
    promised_names = set(NAMES) if subject.kind == "either" else {subject.kind}
    payloads = typed_payloads(subject)
    filled = [payload for payload in payloads if promised_names & set(payload.carries)]
    if not filled:
        raise NotTestableError("no item carries what was promised")
    for payload in filled:
        for name in NAMES:
            if payload.state(name) == state:
                yield Problem(f"{payload.path}.{name} is {state}", "absent", payload.describe())


leaves_out = Shape(_unused, binds=IN_FORMAT)

leaves_out(
    "format.unused-member-not-null",
    Level.SHOULD,
    "The payload member that is not used is left out, and not null.",
    cite("openai", "Image"),
    about="null",
    how="""Fails when the promised member is filled and the other is null: both are optional in the
    source, and neither may be null.
    """,
)

leaves_out(
    "format.unused-member-not-empty",
    Level.SHOULD,
    "The payload member that is not used is left out, and not an empty string.",
    cite("openai", "Image"),
    cite("openai", "Image.url"),
    about="empty",
    how="""Fails when the promised member is filled and the other is an empty string, which is
    neither a URL nor an image.
    """,
)


def _revised_prompts(subject: Subject, state: str) -> Iterator[Problem]:
    bad = None if state == "null" else ""
    for payload in subject.payloads:
        value = payload.item.get("revised_prompt", "absent")
        if (value.strip() if isinstance(value, str) else value) == bad:
            yield Problem(f"{payload.path}.revised_prompt is {state}", "a text or nothing", state)


has_no = Shape(_revised_prompts, binds=SUCCESS)

has_no(
    "format.revised-prompt-not-null",
    Level.SHOULD,
    "`revised_prompt` is a string where it is there, and not null.",
    cite("openai", "Image.revised_prompt"),
    about="null",
    how="Fails on null, which breaks strict clients; an absent member is fine.",
)

has_no(
    "format.revised-prompt-not-empty",
    Level.SHOULD,
    "`revised_prompt` says something where it is there.",
    cite("openai", "Image.revised_prompt"),
    cite("cometapi", "200: example"),
    about="empty",
    how="Fails on an empty string and on white space; an absent member is fine.",
)
