"""Recorded exchanges by the hundred, each with an image of its own of 2,000,000 characters."""

from __future__ import annotations

import base64
import functools
import io
import json
import os
import random
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from vcr.request import Request as RecordedRequest
from vcr.serialize import serialize
from vcr.serializers import yamlserializer

from conformance.cases.model import Case
from conformance.cases.request import build_request
from conformance.clauses import clauses_of
from conformance.clauses.judge import judge
from conformance.clauses.registry import Clause
from conformance.contract import Edition, load_edition
from conformance.exchange.cassettes.cassette import CassetteLibrary
from conformance.exchange.model import REDACTED_KEY, Exchange, Response
from conformance.version import tool

FOLDER = "BENCHMARK_FOLDER"
"""Environment variable: the folder that `prepare` filled, for the pytest processes."""

PROVIDER = "sample"
BASE_URL = "http://127.0.0.1:1/v1"  # nothing listens there: replay that sends would fail
MODEL = "dall-e-3"
PAYLOAD = 1_500_000  # bytes of an image; 2,000,000 characters of base64
SIDE = 1024  # pixels
SENT_AT = 1_790_000_000.0  # seconds since the Unix epoch

_TOML = f"""title = "Samples of the benchmarks"
base_url = "{BASE_URL}"
default_key = "{REDACTED_KEY}"

[models]
"{MODEL}" = "{MODEL}"
"""
_READ_THE_IMAGE = ("base64", "image", "format", "envelope")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a folder of samples holds, and under which clauses it is judged."""

    folder: Path
    exchanges: int
    clauses: tuple[str, ...]

    @classmethod
    def read(cls) -> Plan:
        """Read the plan of the folder that the environment names."""
        folder = Path(os.environ[FOLDER])
        document = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
        return cls(folder, document["exchanges"], tuple(document["clauses"]))

    @property
    def cases(self) -> list[Case]:
        """One case for each exchange."""
        return [sample_case(number) for number in range(self.exchanges)]

    @property
    def provider(self) -> Path:
        """The provider file."""
        return self.folder / f"{PROVIDER}.toml"

    @property
    def config(self) -> Path:
        """A pytest configuration that says nothing, so that both ways run under the same."""
        return self.folder / "pytest.ini"

    def select(self, edition: Edition) -> tuple[Clause, ...]:
        """The clauses by their names."""
        by_id = {clause.id: clause for clause in clauses_of(edition)}
        return tuple(by_id[name] for name in self.clauses)


def prepare(folder: Path, exchanges: int, clauses: int | None = None, stock: bool = False) -> Plan:
    """Record samples as our cassettes and, if asked, one stock cassette for each clause."""
    edition = load_edition()
    names = speaking_clauses(edition)[:clauses]
    folder.mkdir(parents=True, exist_ok=True)
    plan = Plan(folder, exchanges, names)
    plan.provider.write_text(_TOML, encoding="utf-8")
    plan.config.write_text("[pytest]\n", encoding="utf-8")
    library = CassetteLibrary(folder / "cassettes", PROVIDER, edition.id, tool())
    for number, case in enumerate(plan.cases):
        exchange = sample_exchange(case, number)
        library.record(exchange, case, BASE_URL)
        if stock:
            _write_stock(folder / "stock", exchange, number, len(names))
    document = {"exchanges": exchanges, "clauses": names}
    (folder / "plan.json").write_text(json.dumps(document), encoding="utf-8")
    return plan


def speaking_clauses(edition: Edition) -> tuple[str, ...]:
    """The clauses that have something to say of a sample, those first that read its image."""
    findings = judge(sample_exchange(sample_case(0), 0), edition, clauses_of(edition))
    names = {finding.clause: finding.clause.split(".", 1)[0] for finding in findings}
    return tuple(sorted(names, key=lambda name: _rank(names[name])))


def _rank(chapter: str) -> int:
    reads_the_image = chapter in _READ_THE_IMAGE
    return _READ_THE_IMAGE.index(chapter) if reads_the_image else len(_READ_THE_IMAGE)


def sample_case(number: int) -> Case:
    """A request like any other, but no other."""
    body = {
        "model": MODEL,
        "prompt": f"A red kite over a harbour, picture {number}",
        "response_format": "b64_json",
        "size": f"{SIDE}x{SIDE}",
    }
    return Case(id=f"sample-{number:04}", model=MODEL, body=body, billed=True)


def sample_exchange(case: Case, number: int) -> Exchange:
    """What a truthful provider answers, with a picture that no other answer has."""
    item = {"revised_prompt": "A red kite", "b64_json": base64.b64encode(picture(number)).decode()}
    body = json.dumps({"created": int(SENT_AT) + 2, "data": [item]}).encode()
    headers = (("content-type", "application/json"), ("x-request-id", f"req_{number}"))
    return Exchange(
        provider=PROVIDER,
        model=MODEL,
        case=case.id,
        request=build_request(case, base_url=BASE_URL, key=REDACTED_KEY, served_as=MODEL),
        response=Response(200, headers, body),
        sent_at=SENT_AT,
        elapsed=1.5,
    )


def picture(number: int) -> bytes:
    """Encode a PNG of exactly `PAYLOAD` bytes that takes as long to decode as a real one.

    The pixels are soft noise, which compresses about as badly as a photograph; a private
    chunk of other noise brings the file to its length and makes its bytes unique.
    """
    drawing = _drawing()
    end = len(drawing) - 12  # the IEND chunk, which must be last
    filling = random.Random(number).randbytes(PAYLOAD - len(drawing) - 12)  # noqa: S311 - pixels, the same each time
    return drawing[:end] + _chunk(b"prVt", filling) + drawing[end:]


@functools.cache
def _drawing() -> bytes:
    small = SIDE // 4
    noise = random.Random(7).randbytes(small * small * 3)  # noqa: S311 - pixels, the same each time
    soft = Image.frombytes("RGB", (small, small), noise).resize(
        (SIDE, SIDE), Image.Resampling.BILINEAR
    )
    buffer = io.BytesIO()
    soft.point(lambda value: value & 0xFC).save(buffer, "png", compress_level=6)
    return buffer.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _write_stock(folder: Path, exchange: Exchange, number: int, clauses: int) -> None:
    """Write what pytest-recording itself would have: a cassette for each test, payload inside."""
    sent, answer = exchange.request, exchange.response
    if answer is None:
        return
    request = RecordedRequest(sent.method, sent.url, sent.body, dict(sent.headers))
    response = {
        "status": {"code": answer.status, "message": "OK"},
        "headers": {name: [value] for name, value in answer.headers},
        "body": {"string": answer.body},
    }
    document = serialize({"requests": [request], "responses": [response]}, yamlserializer)
    folder.mkdir(parents=True, exist_ok=True)
    first = folder / f"test_promise[{number}-0].yaml"
    first.write_text(document, encoding="utf-8")
    for clause in range(1, clauses):  # links: the same bytes are read, the disk is spared
        os.link(first, folder / f"test_promise[{number}-{clause}].yaml")
