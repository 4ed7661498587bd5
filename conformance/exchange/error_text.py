"""The words of an error, in whatever shape an answer has them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from conformance.exchange.answer import Answer
from conformance.exchange.outcome_causes import cause_of
from conformance.output.printing import printable
from conformance.parsing import read_json

_TEXT = (
    "message", "msg", "detail", "error_message", "errormessage", "error_msg", "errormsg",
    "errmsg", "status_msg", "statusmessage", "error_description", "description", "faultstring",
    "reason", "title", "error", "filtered_reason", "fail_reason", "failure_reason",
    "block_reason", "finish_reason",
)  # fmt: skip
_CODE = ("code", "error_code", "errorcode", "err_code", "errcode", "status_code", "__type")
_PARAM = ("param", "loc", "path", "field", "parameter")
_INNER = (
    "error", "errors", "detail", "details", "issues", "fault", "base_resp", "output", "header",
    "response", "responsemetadata", "result", "message",
)  # fmt: skip
"""Where the words of an error are looked for, in this order; names in lower case."""

_NO_CODES = (0, 200)  # by which flat answers say that all is well
_DEEPEST = 5
_MOST_ERRORS = 5  # of a list
_MOST_SHOWN = 240
_LONGEST = 2000  # characters of a text
_NAME_OF_ERROR = re.compile(r"error|failed", re.IGNORECASE)  # of an event, or its type
_MARKUP = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<")
_TITLES = re.compile(r"(?is)<(title|message|h1|body)\b[^>]{0,200}>(?P<text>.{1,2000}?)(?:</\1|\Z)")
_TAG = re.compile(r"<[^>]{0,500}>")
_BLANKS = re.compile(r"\s+")
_WORDS = re.compile(r"[^\W\d_]\S{0,40} \S")
"""How a sentence begins: no JSON that was cut, and no bare base64."""


@dataclass(frozen=True, slots=True)
class ErrorText:
    """The parts of an error; each is empty where the answer does not say it."""

    text: str = ""
    code: str = ""
    type: str = ""
    param: str = ""

    @property
    def said(self) -> bool:
        """Return whether there is an error that says anything."""
        return bool(self.text or self.code or self.type)

    @property
    def words(self) -> str:
        """The text, or else the code, made safe to print and short enough for a message."""
        return printable(self.text or self.code, _MOST_SHOWN)


NOTHING = ErrorText()


def error_text(answer: Answer) -> ErrorText:
    """Read what an answer says of an error; of a success only what stands in its error members."""
    response = answer.response
    if response is None:
        return NOTHING
    success = 200 <= response.status < 300
    # JSON is read as JSON, whatever its content type says.
    if answer.json.value is not None:
        return _read_success(answer.json.value) if success else read_error(answer.json.value)
    if answer.streams or (success and answer.stream.events):
        return _read_stream(answer)
    if is_page(answer):
        page = response.body[:8000].decode("utf-8", "replace")
        title = _TITLES.search(page)
        return ErrorText(_tidy(html.unescape(_TAG.sub(" ", title["text"] if title else page))))
    text = response.body[:_LONGEST].decode("utf-8", "replace")
    error = ErrorText(_tidy(text) if "\0" not in text else "")
    # In a success a bare text may be base64, so that it has to read like a sentence.
    worded = _WORDS.match(error.text) or cause_of(response.status, error)
    return error if not success or worded else NOTHING


def is_page(answer: Answer) -> bool:
    """Return whether the body is a web page or other markup, whatever its content type says."""
    return answer.response is not None and _MARKUP.match(answer.response.body[:200]) is not None


def read_error(value: Any, depth: int = 0) -> ErrorText:
    """Read a JSON value that is an error: an object, a list of them, or a text."""
    if isinstance(value, str):
        return ErrorText(_tidy(value))
    if depth >= _DEEPEST:
        return NOTHING
    if isinstance(value, list):
        return _first(read_error(item, depth + 1) for item in value[:_MOST_ERRORS])
    if not isinstance(value, dict):
        return NOTHING
    members = {str(name).lower(): member for name, member in islice(value.items(), 100)}
    text, code = _first_text(members, *_TEXT), _first_text(members, *_CODE)
    outer = ErrorText(text, code, _first_text(members, "type"), _param(members))
    deeper = (members[name] for name in _INNER if isinstance(members.get(name), dict | list))
    inner = _first(read_error(member, depth + 1) for member in deeper)
    if not inner.said:
        return outer
    # What wraps an error repeats the status, or names the wrapper.
    return ErrorText(
        inner.text or outer.text,
        inner.code or outer.code,
        inner.type or outer.type,
        inner.param or outer.param,
    )


def _first(errors: Iterator[ErrorText]) -> ErrorText:
    return next((error for error in errors if error.said), NOTHING)


def _first_text(members: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = members.get(name)
        if isinstance(value, str) and value.strip():
            return _tidy(value)
        # A number is a code, and never the words of an error.
        if type(value) is int and value not in _NO_CODES and name in _CODE:
            return str(value)[:20]
    return ""


def _param(members: Mapping[str, Any]) -> str:
    for name in _PARAM:
        value = members.get(name)
        if isinstance(value, str) and value:
            return _tidy(value)[:200]
        if isinstance(value, list) and value:
            return ".".join(str(part)[:80] for part in value[:8])
    return ""


def _read_success(value: Any) -> ErrorText:
    """Read the errors of a success: its own, and those of its items."""
    if not isinstance(value, dict):
        return NOTHING
    data = value.get("data")
    items = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
    # An item that has an image says of an error only what stands in its `error`.
    if items:
        faulty = (
            item if item.get("error") is None else {"error": item["error"]}
            for item in items
            if item.get("error") is not None or not (item.get("url") or item.get("b64_json"))
        )
        outer = {"error": value["error"]} if value.get("error") is not None else {}
        return _first(map(read_error, (outer, *islice(faulty, _MOST_ERRORS))))
    return read_error(value)


def _read_stream(answer: Answer) -> ErrorText:
    """Read the first event that is an error, by its name, its type or its member."""
    for event in answer.stream.events:
        value = read_json(event.data.encode("utf-8", "replace")).value
        kind = value.get("type") if isinstance(value, dict) else None
        faulty = isinstance(value, dict) and value.get("error") is not None
        names = [name[:100] for name in (event.name, kind) if isinstance(name, str)]
        if faulty or any(map(_NAME_OF_ERROR.search, names)):
            return read_error(value if value is not None else event.data)
    return NOTHING


def _tidy(text: str) -> str:
    return _BLANKS.sub(" ", text[:_LONGEST]).strip()
