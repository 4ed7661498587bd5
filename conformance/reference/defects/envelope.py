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


@planted("envelope.status-201", "envelope.status-200")
@in_finished
def status_201(response: Response) -> None:
    """A generation is answered 201."""
    if _plain(response) and not _listing(response):
        response.status_code = 201


@planted("envelope.status-202", "envelope.status-200")
@in_finished
def status_202(response: Response) -> None:
    """A finished generation is answered as if it were still to come."""
    if _plain(response) and not _listing(response):
        response.status_code = 202


@planted("envelope.declared-plain-text", "envelope.content-type")
@in_finished
def declared_plain_text(response: Response) -> None:
    """JSON is declared as plain text."""
    if _plain(response) and not _listing(response):
        response.headers["content-type"] = "text/plain; charset=utf-8"


@planted("envelope.no-content-type", "envelope.content-type")
@in_finished
def no_content_type(response: Response) -> None:
    """JSON is declared as nothing."""
    if _plain(response) and not _listing(response):
        del response.headers["content-type"]


@planted("envelope.web-page", "envelope.not-html", modes=["D8", "D10"])
@in_text
def web_page(_text: bytes) -> bytes:
    """A web page is served as a success."""
    return b"<!DOCTYPE html><html><head><title>Just a moment</title></head></html>"


@planted("envelope.empty-body", "envelope.body-not-empty", modes=["D8"])
@in_text
def empty_body(_text: bytes) -> bytes:
    """A success has no body."""
    return b""


@planted("envelope.cut-off", "envelope.json-syntax", modes=["D10"])
@in_text
def cut_off(text: bytes) -> bytes:
    """The JSON breaks off before its end."""
    return text[:-9]


@planted("envelope.trailing-comma", "envelope.json-syntax")
@in_text
def trailing_comma(text: bytes) -> bytes:
    """The last member is followed by a comma."""
    return text[:-1] + b",}"


@planted("envelope.byte-order-mark", "envelope.json-utf8")
@in_text
def byte_order_mark(text: bytes) -> bytes:
    """The body starts with a byte order mark."""
    return b"\xef\xbb\xbf" + text


@planted("envelope.latin-1", "envelope.json-utf8")
@in_text
def latin_1(text: bytes) -> bytes:
    """A member is encoded in Latin-1."""
    return text[:-1] + b',"note":"d\xe9j\xe0"}'


@planted("envelope.nan", "envelope.json-no-nan")
@in_text
def nan(text: bytes) -> bytes:
    """A score is written as NaN, as lenient encoders do."""
    return text[:-1] + b',"score":NaN}'


@planted("envelope.huge-number", "envelope.json-number-range")
@in_text
def huge_number(text: bytes) -> bytes:
    """A number is too large for a double."""
    return text[:-1] + b',"score":1e999}'


@planted("envelope.member-twice", "envelope.json-unique-names")
@in_text
def member_twice(text: bytes) -> bytes:
    """A member stands twice in the body."""
    return text[:-1] + b',"note":1,"note":2}'


@planted("envelope.nested-deep", "envelope.json-depth")
@in_text
def nested_deep(text: bytes) -> bytes:
    """A member nests a thousand arrays."""
    return text[:-1] + b',"note":' + b"[" * 1000 + b"]" * 1000 + b"}"


@planted("envelope.array", "envelope.object")
@in_text
def array(text: bytes) -> bytes:
    """The body stands in an array."""
    return b"[" + text + b"]"


@planted("envelope.null", "envelope.object", modes=["D3"])
@in_text
def null(_text: bytes) -> bytes:
    """The body is null."""
    return b"null"


@planted("envelope.error-beside-data", "envelope.no-error", modes=["D8"])
@in_body
def error_beside_data(body: Body, _job: Job) -> None:
    """An error stands beside the images."""
    body["error"] = _ERROR


@planted("envelope.error-inside-200", "envelope.no-error", modes=["D8"])
@in_body
def error_inside_200(body: Body, _job: Job) -> None:
    """An error is answered with status 200, in place of the images."""
    body.clear()
    body["error"] = _ERROR


@planted("envelope.no-created", "envelope.created-present")
@in_body
def no_created(body: Body, _job: Job) -> None:
    """`created` is left out."""
    del body["created"]


@planted("envelope.created-null", "envelope.created-present", modes=["D3"])
@in_body
def created_null(body: Body, _job: Job) -> None:
    """`created` is null."""
    body["created"] = None


@planted("envelope.created-float", "envelope.created-integer")
@in_body
def created_float(body: Body, _job: Job) -> None:
    """`created` has a fraction."""
    body["created"] += 0.25


@planted("envelope.created-text", "envelope.created-integer")
@in_body
def created_text(body: Body, _job: Job) -> None:
    """`created` is a string of digits."""
    body["created"] = str(body["created"])


@planted("envelope.created-milliseconds", "envelope.created-seconds")
@in_body
def created_milliseconds(body: Body, _job: Job) -> None:
    """`created` counts milliseconds."""
    body["created"] *= 1000


@planted("envelope.created-local-time", "envelope.created-near-request")
@in_body
def created_local_time(body: Body, _job: Job) -> None:
    """`created` is off by a time zone."""
    body["created"] += 3600


@planted("envelope.created-zero", "envelope.created-near-request")
@in_body
def created_zero(body: Body, _job: Job) -> None:
    """`created` is never set."""
    body["created"] = 0


@planted("envelope.stale-answer", "envelope.created-near-request", modes=["stale answer"])
@in_body
def stale_answer(body: Body, _job: Job) -> None:
    """A cache answers with what it made two hours ago."""
    body["created"] -= 7200


@planted("envelope.no-data", "envelope.data-present", modes=["D8"])
@in_body
def no_data(body: Body, _job: Job) -> None:
    """The images are called otherwise than `data`."""
    body["images"] = body.pop("data")


@planted("envelope.flat-error-in-200", "envelope.data-present", modes=["D8", "D9"])
@in_body
def flat_error_in_200(body: Body, _job: Job) -> None:
    """A flat error is answered with status 200, as DashScope does."""
    body.clear()
    body |= {"request_id": "1", "code": "DataInspectionFailed", "message": "no"}


@planted("envelope.data-null", "envelope.data-array", modes=["D3"])
@in_body
def data_null(body: Body, _job: Job) -> None:
    """`data` is null."""
    body["data"] = None


@planted("envelope.data-object", "envelope.data-array")
@in_body
def data_object(body: Body, _job: Job) -> None:
    """`data` is the one image instead of a list of it."""
    body["data"] = body["data"][0]


@planted("envelope.wrapped", "envelope.data-array", modes=["D9"])
@in_body
def wrapped(body: Body, _job: Job) -> None:
    """The whole answer is wrapped in another, whose `data` it is."""
    inner = dict(body)
    body.clear()
    body |= {"code": 200, "msg": "ok", "data": inner}


@planted("envelope.data-empty", "envelope.data-not-empty", modes=["D8"])
@in_body
def data_empty(body: Body, _job: Job) -> None:
    """A filtered prompt is answered 200 without any image."""
    body["data"] = []


@planted("envelope.task-in-data", "envelope.data-not-empty", modes=["D8", "D9"])
@in_body
def task_in_data(body: Body, _job: Job) -> None:
    """The images are still to be fetched: `data` has the id of a task."""
    body["data"] = [{"status": "submitted", "task_id": "task_01H"}]


@planted("envelope.item-text", "envelope.items-objects")
@in_body
def item_text(body: Body, _job: Job) -> None:
    """Items are bare strings."""
    body["data"] = [next(iter(item.values())) for item in body["data"]]


@planted("envelope.item-null", "envelope.items-objects", modes=["D3"])
@in_body
def item_null(body: Body, _job: Job) -> None:
    """Items are null."""
    body["data"] = [None for _ in body["data"]]


@planted("envelope.revised-prompt-object", "envelope.schema")
@in_items
def revised_prompt_object(item: Body, _job: Job) -> None:
    """`revised_prompt` is an object."""
    item["revised_prompt"] = {"text": "a seascape"}


@planted("envelope.url-array", "envelope.schema", in_urls=True)
@in_items
def url_array(item: Body, _job: Job) -> None:
    """`url` is an array of one URL."""
    if "url" in item:
        item["url"] = [item["url"]]
