"""Content credentials: what is read of them, whom they name, and that a claim is no proof."""

from __future__ import annotations

import hashlib
import io
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from msgspec import to_builtins
from rich.console import Console

from conformance.clauses.observations import observe
from conformance.exchange.answer import compare_painter
from conformance.exchange.model import Exchange
from conformance.parsing.credentials import reading
from conformance.parsing.credentials.cbor import CBORFaultError, read_cbor
from conformance.parsing.credentials.manifest import ManifestFaultError, read_boxes
from conformance.parsing.credentials.reading import read_credentials
from conformance.parsing.credentials.records import (
    Credentials,
    CredentialStatus,
    Painter,
    painter_of,
)
from conformance.reports import render
from conformance.reports.summary import summarize
from conformance.reports.terminal import print_runs
from conformance.results.run_file import Run
from tests import runs
from tests.manifests import (
    KINDS,
    MAKERS,
    bare,
    box,
    cbor,
    embed_store,
    image_with_manifest,
    signed_image,
    store,
    superbox,
)
from tests.miniatures import body, exchange, items, to_base64
from tests.sentences import EDITION

MODEL_ASKED = {
    "gpt-image-2": ("gpt-image", "2.0"),
    "gpt-image-2.5-flare": ("gpt-image-2.5-flare", ""),
    "gpt-image-1-mini": ("gpt-image-1-mini", ""),
    "dall-e-3": ("DALL·E", "3"),
}
ANOTHER_MODEL = {
    "gpt-image-2": ("gpt-image", "1.5"),
    "gpt-image-2.5-flare": ("gpt-image", "2.0"),
    "gpt-image-1-mini": ("FLUX.1", "dev"),
    "dall-e-3": ("DALL-E", "2"),
}
STANDINGS = {
    "claimed": CredentialStatus.CLAIMED,
    "forged": CredentialStatus.INVALID,
    "edited": CredentialStatus.INVALID,
    "unsigned": CredentialStatus.UNSIGNED,
    "damaged": CredentialStatus.DAMAGED,
    "none": None,
}


@pytest.fixture
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read as without c2pa-python."""
    monkeypatch.setattr(reading, "_library", lambda: None)


def exchange_of(model: str) -> Exchange:
    return replace(exchange(body(model)), model=model)


def credentials_in(kind: str, data: bytes) -> Credentials:
    credentials = read_credentials(kind, data)
    assert credentials is not None
    return credentials


def planted_manifests() -> list[tuple[str, str, str, bool, int]]:
    """Return 216: what it is, in which type, asked for which model, and whether it is right."""
    return [
        (manifest, kind, model, of_asked, turn)
        for manifest in MAKERS
        for kind in KINDS
        for model in MODEL_ASKED
        for of_asked in (True, False)
        for turn in range(2 if manifest in ("claimed", "unsigned", "forged") else 1)
    ]


@pytest.mark.usefixtures("_alone")
def test_planted_manifests_are_told_apart_and_none_is_called_signed() -> None:
    manifests = planted_manifests()
    assert len(manifests) >= 200
    for manifest, kind, model, of_asked, turn in manifests:
        name, version = (MODEL_ASKED if of_asked else ANOTHER_MODEL)[model]
        names = (f"{name} {version}".strip(), "") if turn else (name, version)
        claims = read_credentials(kind, MAKERS[manifest](kind, *names))
        assert (claims and claims.standing) == STANDINGS[manifest], (manifest, kind, claims)
        if claims is None:
            continue
        assert "signed by" not in str(claims)
        assert "validly" not in str(claims)
        painter = Painter.ASKED if of_asked else Painter.ANOTHER
        painter = painter if manifest == "claimed" else Painter.UNCLEAR
        assert compare_painter(claims, exchange_of(model)) is painter, (manifest, kind, claims)


@pytest.mark.parametrize(
    ("claimed_name", "model", "painter"),
    [
        ("gpt-image 2.0", "gpt-image-2", "asked"),
        ("gpt-image/2.0.1", "gpt-image-2-2026-04-21", "asked"),
        ("gpt-image 2.0", "gpt-image-2.5-flare", "another"),
        ("gpt-image 2.5", "gpt-image-2.5-flare", "unclear"),
        ("gpt-image-2.5-sunburst", "gpt-image-2.5-flare", "another"),
        ("gpt-image 1 mini", "gpt-image-1", "another"),
        ("gpt-image 2.0 gateway", "gpt-image-2", "asked"),
        ("gpt-image", "gpt-image-2", "unclear"),
        ("OpenAI API 2.0", "gpt-image-2.5-flare", "unclear"),
        ("ChatGPT", "gpt-image-2", "unclear"),
        ("GPT-4o", "gpt-image-1", "unclear"),
        ("chatgpt-image-latest", "gpt-image-2", "unclear"),
        ("Flux Capacitor", "gpt-image-2", "unclear"),
        ("DALL·E", "dall-e-3", "unclear"),
        ("DALL·E", "gpt-image-2", "another"),
        ("seedream 4.0", "doubao-seedream-4-0-250828", "asked"),
        ("gpt-image 2.0", "my-deployment", "unclear"),
    ],
)
def test_painter_is_another_only_where_it_is_named_clearly(
    claimed_name: str, model: str, painter: str
) -> None:
    assert painter_of([claimed_name], [model]) == painter


def test_painter_is_unclear_where_names_disagree_and_the_asked_one_under_any_of_its_names() -> None:
    assert painter_of(["gpt-image 2.0", "gpt-image 2.5"], ["gpt-image-2"]) is Painter.UNCLEAR
    assert painter_of(["gpt-image 2"], ["gpt-image-2", "gpt-image-1"]) is Painter.ASKED
    assert painter_of(["gpt-image 2"], []) is Painter.UNCLEAR


def with_pictures(model: str, *pictures: Credentials | None) -> Run:
    """A run whose one exchange has these pictures."""
    record = runs.exchange(model=model)
    for index, credentials in enumerate(pictures):
        record["images"].append(
            {"index": index, "member": "b64_json", "type": "png", "complete": True, "bytes": 1}
        )
        if credentials:
            members = {"credentials": to_builtins(credentials), "painter": "another"}
            record["images"][-1] |= members
    return runs.run(record)


@pytest.mark.usefixtures("_alone")
def test_reports_say_both_names_and_what_is_stripped_and_call_no_claim_signed() -> None:
    credentials = read_credentials("png", image_with_manifest("png", "gpt-image", "1.5"))
    run = with_pictures("gpt-image-2", credentials, None)
    (painters,) = summarize([run]).painters
    assert (painters.another, painters.none, painters.signers) == (1, 1, ())
    terminal = io.StringIO()
    print_runs([run], Console(file=terminal, width=300))
    for text in (terminal.getvalue(), *(render([run], form) for form in ("md", "html", "json"))):
        assert "asked for gpt-image-2" in text
        assert "gpt-image 1.5" in text
        assert "(stripped or left out: others of this model carry them)" in text
        assert "signed by" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_signature_is_validated_where_a_validator_is_installed(kind: str) -> None:
    pytest.importorskip(
        "c2pa", reason="only CI installs the extra credentials: make test EXTRAS=dev,credentials"
    )
    data = signed_image(kind, bare(kind))
    credentials = credentials_in(kind, data)
    assert credentials.standing is CredentialStatus.SIGNED
    assert (credentials.signer, credentials.trusted) == ("Open Pictures", False)
    assert credentials.names[-1] == "gpt-image 2.0"
    forgery = credentials_in(kind, data.replace(b"image.png", b"imago.png", 1))
    assert forgery.standing is CredentialStatus.INVALID


def test_claim_whose_assertion_was_taken_out_is_not_valid() -> None:
    data = claim_store({"assertions": [{"url": "x/c2pa.hash.data", "hash": bytes(32)}]})
    credentials = credentials_in("png", embed_store("png", bare("png"), data)[0])
    assert credentials.standing is CredentialStatus.INVALID
    fault = "the assertion c2pa.hash.data is missing or not the one that was claimed"
    assert credentials.fault == fault


class Validator:
    """Stands in for c2pa-python, which not every machine has, and answers as it is told."""

    class C2paError(Exception): ...

    class Settings:
        from_dict = dict

    def __init__(self, state: str, *codes: str, error: Exception | None = None) -> None:
        self.state, self.codes, self.error = state, codes, error

    def Context(self, settings: dict[str, Any]) -> None:  # noqa: N802 - the library's name
        assert settings == {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}

    @contextmanager
    def Reader(self, *_: Any, **__: Any) -> Iterator[Validator]:  # noqa: N802
        if self.error:
            raise self.error
        yield self

    def get_validation_state(self) -> str:
        return self.state

    def get_validation_results(self) -> dict[str, Any]:
        return {"activeManifest": {"failure": [{"code": code} for code in self.codes]}}

    def get_active_manifest(self) -> dict[str, Any]:
        return {"signature_info": {"issuer": "Open Pictures"}}


@pytest.mark.parametrize(
    ("validator", "words", "painter"),
    [
        (Validator("Trusted"), "signed by Open Pictures:", "another"),
        (
            Validator("Valid"),
            "validly signed, certificate in the name of Open Pictures, which no trusted authority",
            "another",
        ),
        (
            Validator("Invalid", "signingCredential.expired"),
            "claimed (signingCredential.expired",
            "another",
        ),
        (
            Validator("Invalid", "signingCredential.expired", "claimSignature.mismatch"),
            "not valid: claimSignature.mismatch",
            "unclear",
        ),
        (Validator("Invalid"), "not valid: the validator does not say why", "unclear"),
        (
            Validator("", error=Validator.C2paError("no block")),
            "damaged: the validator cannot read them: no block",
            "unclear",
        ),
    ],
    ids=lambda value: value.state if isinstance(value, Validator) else "",
)
def test_what_a_validator_says_decides_what_a_claim_is_worth(
    validator: Validator, words: str, painter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_library", lambda: validator)
    credentials = credentials_in("png", image_with_manifest("png", "gpt-image", "1.5"))
    assert str(credentials).startswith(words)
    assert compare_painter(credentials, exchange_of("gpt-image-2")) == painter


@pytest.mark.usefixtures("_alone")
@pytest.mark.parametrize("kind", KINDS)
def test_observation_names_both_models_where_another_painted(kind: str) -> None:
    request = body("gpt-image-1", output_format=kind)
    data = image_with_manifest(kind, "gpt-image", "2.0")
    sample = exchange(request, answer=items(request, {"b64_json": to_base64(data)}))
    messages = {observation.id: observation.message for observation in observe(sample, EDITION)}
    assert "asked gpt-image-1;" in messages["another-painter"]
    assert "gpt-image 2.0" in messages["another-painter"]
    assert "signature not validated" in messages["content-credentials"]


@pytest.mark.parametrize("kind", KINDS)
def test_mutated_credentials_raise_nothing_in_little_time(kind: str) -> None:
    generator, data = random.Random(13), image_with_manifest(kind)
    start = data.find(b"jumb")
    end = start + len(store())
    start_time = time.process_time()
    for _ in range(700):
        mutant = bytearray(data)
        for _ in range(generator.randrange(1, 6)):
            mutant[generator.randrange(start - 16, end)] = generator.choice((0, 1, 255, 127, 0x9F))
        read_credentials(kind, bytes(mutant[: generator.choice((len(data), end))]))
    assert time.process_time() - start_time < 10


def claim_store(claim: dict[str, Any], *assertions: bytes) -> bytes:
    """A store of one manifest whose claim names these assertions."""
    boxes = [superbox("c2pa.assertions", *assertions)]
    boxes.append(superbox("c2pa.claim", box(b"cbor", cbor(claim))))
    return superbox("c2pa", superbox("urn:c2pa:hostile", *boxes))


def test_what_a_claim_repeats_is_read_once() -> None:
    values = b"\xa1\x67actions\x99\x4d\x00" + bytes(0x4D00)
    large = superbox("c2pa.thumbnail", box(b"bidb", bytes(8 << 20)))
    assertion = {"url": "x/c2pa.thumbnail", "hash": hashlib.sha256(large[8:]).digest()}
    actions = superbox("c2pa.actions", box(b"cbor", values))
    for data in (
        claim_store({"assertions": [assertion] * 200}, large),
        claim_store({"alg": bytes(8 << 20), "assertions": [assertion] * 200}, large),
        claim_store({"alg": "no", "assertions": [{"url": "x/c2pa.actions"}] * 200}, actions),
    ):
        start_time = time.process_time()
        read_credentials("png", embed_store("png", bare("png"), data)[0])
        assert time.process_time() - start_time < 2


def test_assertions_that_are_too_long_are_damaged() -> None:
    assertion = superbox("c2pa.actions", box(b"cbor", b"\xa1\x61a\x5a\0\x20\0\0" + bytes(2 << 20)))
    data = claim_store({"alg": "no", "assertions": [{"url": "x/c2pa.actions"}]}, assertion)
    credentials = credentials_in("png", embed_store("png", bare("png"), data)[0])
    assert credentials.standing is CredentialStatus.DAMAGED
    assert "1,048,576" in credentials.fault


@pytest.mark.parametrize(
    "data",
    [
        b"\x81" * 100_000,
        b"\x9f" * 100_000,
        b"\xc0" * 100_000,
        b"\x9b" + b"\xff" * 8,
        b"\xbb" + b"\x7f" * 8 + b"\0" * 100,
        b"\x5b" + b"\xff" * 8,
        b"\x9f" + b"\0" * 1_000_000,
        b"\x1f",
        b"\xff",
        b"\x5f\x61a\xff",
        b"",
    ],
    ids=lambda data: f"{data[:2].hex()}x{len(data)}",
)
def test_cbor_that_nests_or_announces_too_much_is_a_fault(data: bytes) -> None:
    with pytest.raises(CBORFaultError):
        read_cbor(data)


def test_boxes_that_nest_are_many_or_end_elsewhere_are_a_fault() -> None:
    boxes = b""
    for _ in range(50):
        boxes = superbox("a", boxes)
    for data in (boxes, box(b"free", b"") * 10_000, b"\0\0\0\x09jumb", b"\0\0\0\x01jumb\0"):
        with pytest.raises(ManifestFaultError):
            read_boxes(data)


def test_cbor_reads_every_type() -> None:
    data = bytes.fromhex(
        "a5 6161 01 6162 20 6163 9ff5f6ff 6164 c11a00000001 6165 fb3ff8000000000000"
    )
    assert read_cbor(data) == {"a": 1, "b": -1, "c": [True, None], "d": 1, "e": 1.5}


def test_jpeg_packets_are_put_together_by_sequence() -> None:
    data = image_with_manifest("jpeg")
    first, second = data.find(b"\xff\xeb"), data.find(b"\xff\xeb", data.find(b"\xff\xeb") + 2)
    length = second - first
    jpeg = data[:first] + data[second : second + length] + data[first:second]
    jpeg += data[second + length :]
    assert credentials_in("jpeg", jpeg).names[-1] == "gpt-image 2.0"


def test_jpeg_of_many_packets_is_read_in_time_proportional_to_its_size() -> None:
    boxes = b"jumb" + b"c2pa" + b"x" * 15_000_000
    packets, _, _ = embed_store("jpeg", b"\xff\xd8\xff\xd9", len(boxes).to_bytes(4, "big") + boxes)
    start_time = time.perf_counter()
    assert read_credentials("jpeg", packets) is not None
    assert (
        time.perf_counter() - start_time < 5
    )  # each packet copied anew takes more than half a minute


def test_remote_and_foreign_boxes_are_no_credentials() -> None:
    assert read_credentials("png", bare("png")) is None
    assert read_credentials("gif", embed_store("png", bare("png"), store())[0]) is None
