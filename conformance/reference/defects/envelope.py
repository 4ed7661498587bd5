"""Lies in the envelope of a success: its status, headers, JSON, `created` and `data`."""

from __future__ import annotations

from starlette.responses import Response

from conformance.reference.answers import Job
from conformance.reference.defects.planting import (
    Body,
    in_body,
    in_finished,
    in_items,
    in_text,
    planted,
)

_JSON = "application/json"
_ERROR = {"message": "busy", "type": "server_error", "param": None, "code": "busy"}


def _plain(response: Response) -> bool:
    """Return whether it is a success and not a stream."""
    return response.status_code == 200 and response.headers.get("content-type") == _JSON


def _listing(response: Response) -> bool:
    return b'"object":"list"' in bytes(response.body)


@planted(in_finished, "envelope.status-201", "envelope.status-200")
def status_201(response: Response) -> None:
    """A generation is answered 201."""
    if _plain(response) and not _listing(response):
        response.status_code = 201


@planted(in_finished, "envelope.status-202", "envelope.status-200")
def status_202(response: Response) -> None:
    """A finished generation is answered as if it were still to come."""
    if _plain(response) and not _listing(response):
        response.status_code = 202


@planted(in_finished, "envelope.declared-plain-text", "envelope.content-type")
def declared_plain_text(response: Response) -> None:
    """JSON is declared as plain text."""
    if _plain(response) and not _listing(response):
        response.headers["content-type"] = "text/plain; charset=utf-8"


@planted(in_finished, "envelope.no-content-type", "envelope.content-type")
def no_content_type(response: Response) -> None:
    """JSON is declared as nothing."""
    if _plain(response) and not _listing(response):
        del response.headers["content-type"]


@planted(in_text, "envelope.web-page", "envelope.not-html", modes=["D8", "D10"])
def web_page(_text: bytes) -> bytes:
    """A web page is served as a success."""
    return b"<!DOCTYPE html><html><head><title>Just a moment</title></head></html>"


@planted(in_text, "envelope.empty-body", "envelope.body-not-empty", modes=["D8"])
def empty_body(_text: bytes) -> bytes:
    """A success has no body."""
    return b""


@planted(in_text, "envelope.cut-off", "envelope.json-syntax", modes=["D10"])
def cut_off(text: bytes) -> bytes:
    """The JSON breaks off before its end."""
    return text[:-9]


@planted(in_text, "envelope.trailing-comma", "envelope.json-syntax")
def trailing_comma(text: bytes) -> bytes:
    """The last member is followed by a comma."""
    return text[:-1] + b",}"


@planted(in_text, "envelope.byte-order-mark", "envelope.json-utf8")
def byte_order_mark(text: bytes) -> bytes:
    """The body starts with a byte order mark."""
    return b"\xef\xbb\xbf" + text


@planted(in_text, "envelope.latin-1", "envelope.json-utf8")
def latin_1(text: bytes) -> bytes:
    """A member is encoded in Latin-1."""
    return text[:-1] + b',"note":"d\xe9j\xe0"}'


@planted(in_text, "envelope.nan", "envelope.json-no-nan")
def nan(text: bytes) -> bytes:
    """A score is written as NaN, as lenient encoders do."""
    return text[:-1] + b',"score":NaN}'


@planted(in_text, "envelope.huge-number", "envelope.json-number-range")
def huge_number(text: bytes) -> bytes:
    """A number is too large for a double."""
    return text[:-1] + b',"score":1e999}'


@planted(in_text, "envelope.member-twice", "envelope.json-unique-names")
def member_twice(text: bytes) -> bytes:
    """A member stands twice in the body."""
    return text[:-1] + b',"note":1,"note":2}'


@planted(in_text, "envelope.nested-deep", "envelope.json-depth")
def nested_deep(text: bytes) -> bytes:
    """A member nests a thousand arrays."""
    return text[:-1] + b',"note":' + b"[" * 1000 + b"]" * 1000 + b"}"


@planted(in_text, "envelope.array", "envelope.object")
def array(text: bytes) -> bytes:
    """The body stands in an array."""
    return b"[" + text + b"]"


@planted(in_text, "envelope.null", "envelope.object", modes=["D3"])
def null(_text: bytes) -> bytes:
    """The body is null."""
    return b"null"


@planted(in_body, "envelope.error-beside-data", "envelope.no-error", modes=["D8"])
def error_beside_data(body: Body, _job: Job) -> None:
    """An error stands beside the images."""
    body["error"] = _ERROR


@planted(in_body, "envelope.error-inside-200", "envelope.no-error", modes=["D8"])
def error_inside_200(body: Body, _job: Job) -> None:
    """An error is answered with status 200, in place of the images."""
    body.clear()
    body["error"] = _ERROR


@planted(in_body, "envelope.no-created", "envelope.created-present")
def no_created(body: Body, _job: Job) -> None:
    """`created` is left out."""
    del body["created"]


@planted(in_body, "envelope.created-null", "envelope.created-present", modes=["D3"])
def created_null(body: Body, _job: Job) -> None:
    """`created` is null."""
    body["created"] = None


@planted(in_body, "envelope.created-float", "envelope.created-integer")
def created_float(body: Body, _job: Job) -> None:
    """`created` has a fraction."""
    body["created"] += 0.25


@planted(in_body, "envelope.created-text", "envelope.created-integer")
def created_text(body: Body, _job: Job) -> None:
    """`created` is a string of digits."""
    body["created"] = str(body["created"])


@planted(in_body, "envelope.created-milliseconds", "envelope.created-seconds")
def created_milliseconds(body: Body, _job: Job) -> None:
    """`created` counts milliseconds."""
    body["created"] *= 1000


@planted(in_body, "envelope.created-local-time", "envelope.created-near-request")
def created_local_time(body: Body, _job: Job) -> None:
    """`created` is off by a time zone."""
    body["created"] += 3600


@planted(in_body, "envelope.created-zero", "envelope.created-near-request")
def created_zero(body: Body, _job: Job) -> None:
    """`created` is never set."""
    body["created"] = 0


@planted(in_body, "envelope.stale-answer", "envelope.created-near-request", modes=["stale answer"])
def stale_answer(body: Body, _job: Job) -> None:
    """A cache answers with what it made two hours ago."""
    body["created"] -= 7200


@planted(in_body, "envelope.no-data", "envelope.data-present", modes=["D8"])
def no_data(body: Body, _job: Job) -> None:
    """The images are called otherwise than `data`."""
    body["images"] = body.pop("data")


@planted(in_body, "envelope.flat-error-in-200", "envelope.data-present", modes=["D8", "D9"])
def flat_error_in_200(body: Body, _job: Job) -> None:
    """A flat error is answered with status 200, as DashScope does."""
    body.clear()
    body |= {"request_id": "1", "code": "DataInspectionFailed", "message": "no"}


@planted(in_body, "envelope.data-null", "envelope.data-array", modes=["D3"])
def data_null(body: Body, _job: Job) -> None:
    """`data` is null."""
    body["data"] = None


@planted(in_body, "envelope.data-object", "envelope.data-array")
def data_object(body: Body, _job: Job) -> None:
    """`data` is the one image instead of a list of it."""
    body["data"] = body["data"][0]


@planted(in_body, "envelope.wrapped", "envelope.data-array", modes=["D9"])
def wrapped(body: Body, _job: Job) -> None:
    """The whole answer is wrapped in another, whose `data` it is."""
    inner = dict(body)
    body.clear()
    body |= {"code": 200, "msg": "ok", "data": inner}


@planted(in_body, "envelope.data-empty", "envelope.data-not-empty", modes=["D8"])
def data_empty(body: Body, _job: Job) -> None:
    """A filtered prompt is answered 200 without any image."""
    body["data"] = []


@planted(in_body, "envelope.task-in-data", "envelope.data-not-empty", modes=["D8", "D9"])
def task_in_data(body: Body, _job: Job) -> None:
    """The images are still to be fetched: `data` has the id of a task."""
    body["data"] = [{"status": "submitted", "task_id": "task_01H"}]


@planted(in_body, "envelope.item-text", "envelope.items-objects")
def item_text(body: Body, _job: Job) -> None:
    """Items are bare strings."""
    body["data"] = [next(iter(item.values())) for item in body["data"]]


@planted(in_body, "envelope.item-null", "envelope.items-objects", modes=["D3"])
def item_null(body: Body, _job: Job) -> None:
    """Items are null."""
    body["data"] = [None for _ in body["data"]]


@planted(in_items, "envelope.revised-prompt-object", "envelope.schema")
def revised_prompt_object(item: Body, _job: Job) -> None:
    """`revised_prompt` is an object."""
    item["revised_prompt"] = {"text": "a seascape"}


@planted(in_items, "envelope.url-array", "envelope.schema", in_urls=True)
def url_array(item: Body, _job: Job) -> None:
    """`url` is an array of one URL."""
    if "url" in item:
        item["url"] = [item["url"]]
