"""A key is found wherever it hides, under every composition of spellings, and nothing else is."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from conformance.cases.model import Case
from conformance.cases.request import Request
from conformance.exchange.cassettes.cassette import CassetteLibrary
from conformance.exchange.model import REDACTED_KEY, Download, Exchange, Failure, Response
from conformance.exchange.redaction.key_spellings import SHORT_FILLER, Spellings
from conformance.exchange.redaction.redactor import Redactor
from tests.extent import examples, sample
from tests.miniatures import picture

KEY = "sk-Spell7/ed+0ut_4Tests-aB5cD6eF7gH8iJ9"
REDACTOR = Redactor(KEY)
MARK = REDACTED_KEY.encode()
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # a smaller seed is no simpler example
SEEDS = st.integers(0, 1 << 32)
Change = Callable[[str, Random], str]
Simple = Callable[[str], str]


def _each(text: str, spell: Callable[[str], str], random: Random) -> str:
    """Spell some of the letters in another way, or all where they are an escape already.

    An escape that is half escaped can be read in more than one way.
    """
    share = 1.0 if re.search(r"[\\\\%&]", text) else random.choice((0.2, 0.6, 1.0))
    return "".join(spell(letter) if random.random() < share else letter for letter in text)


def _base64(text: str, random: Random, encode: Callable[[bytes], bytes]) -> str:
    prefix = "x" * random.randrange(4)
    encoded = encode(prefix.encode() + text.encode()).decode()
    return random.choice(("", "Q", "Qw", "Qwe")) + encoded.rstrip("=" * random.randrange(2))


def _entities(text: str, random: Random, form: str) -> str:
    return _each(text, lambda letter: form.format("0" * random.randrange(9), ord(letter)), random)


def _join(text: str, random: Random, between: tuple[str, ...], form: str) -> str:
    return random.choice(between).join(form.format(ord(letter)) for letter in text)


def _mixed_case(text: str, random: Random) -> str:
    return "".join(random.choice((letter.lower(), letter.upper())) for letter in text)


LOSSLESS: dict[str, Change] = {
    "base64": lambda text, random: _base64(text, random, base64.b64encode),
    "base64 for URLs": lambda text, random: _base64(text, random, base64.urlsafe_b64encode),
    "base64 with escaped slashes": (
        lambda text, random: _base64(text, random, base64.b64encode).replace("/", "\\/")
    ),
    "digits": lambda text, random: _mixed_case(text.encode().hex(), random),
    "escapes of JSON": lambda text, random: _each(
        text.replace("\\", "\\\\"), lambda one: one if one == "\\" else f"\\u{ord(one):04x}", random
    ),
    "string of JSON": lambda text, _: json.dumps({"text": text}),
    "percent": lambda text, random: _each(text, lambda letter: f"%{ord(letter):02X}", random),
    "percent twice": (
        lambda text, random: quote(_each(text, lambda letter: f"%{ord(letter):02x}", random))
    ),
    "decimal entities": lambda text, random: _entities(text, random, "&#{}{};"),
    "hexadecimal entities": lambda text, random: _entities(text, random, "&#X{}{:X};"),
    "entities without an end": lambda text, _: "".join(f"&#{ord(letter)}" for letter in text),
    "named entities": lambda text, _: (
        text.replace("&", "&amp;").replace("/", "&sol;").replace("+", "&plus;")
    ),
    "numbers": lambda text, random: _join(text, random, (", ", ",", " ", "\n"), "{}"),
    "pairs of digits": (
        lambda text, random: _join(text, random, (":", " 0x", " ", "-", ", 0x"), "{:02x}")
    ),
    "compressed": lambda text, _: base64.b64encode(gzip.compress(text.encode())).decode(),
    "words around": lambda text, _: f"The key {text} is wrong.",
}
LOSSY: dict[str, Simple] = {
    "as it is": str,
    "upper": str.upper,
    "lower": str.lower,
    "swapped": str.swapcase,
    "title": str.title,
    "backwards": lambda text: text[::-1],
    "without its prefix": lambda text: text.removeprefix("sk-"),
    "wide": lambda text: text.encode("utf-16-le").decode("latin-1"),
    "folded": lambda text: re.sub(r"(.{20})", r"\1\n", text),
}


@settings(max_examples=examples(150), deadline=None, derandomize=True, phases=PHASES)
@given(
    st.sampled_from(sorted(LOSSY)),
    st.lists(st.sampled_from(sorted(LOSSLESS)), max_size=3),
    SEEDS,
)
def test_key_is_found_under_any_composition(first: str, more: list[str], seed: int) -> None:
    random = Random(seed)
    text = LOSSY[first](KEY)
    for name in more:
        text = LOSSLESS[name](text, random)
    body = f'{{"error":{{"message":"{text}"}}}}'.encode()
    redacted = REDACTOR.data(body)
    assert MARK in redacted, text
    assert REDACTOR.data(redacted) == redacted


def _cut(text: str, random: Random) -> list[str]:
    places = sorted(random.sample(range(1, len(text)), random.randrange(1, 6)))
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


def _events(parts: list[str]) -> bytes:
    data = (json.dumps({"type": "delta", "index": n, "text": part}) for n, part in enumerate(parts))
    return "".join(f"event: delta\ndata: {part}\n\n" for part in data).encode()


DIVIDED: dict[str, Callable[[list[str]], bytes]] = {
    "events": _events,
    "members": lambda parts: json.dumps({f"m{n}": part for n, part in enumerate(parts)}).encode(),
    "items": lambda parts: json.dumps({"data": [{"url": part} for part in parts]}).encode(),
    "list": lambda parts: json.dumps(parts, indent=1).encode(),
    "page": lambda parts: "".join(f"<b>{part}</b>\n" for part in parts).encode(),
}


@pytest.mark.parametrize("way", DIVIDED)
@settings(max_examples=25, deadline=None, derandomize=True, phases=PHASES)
@given(SEEDS)
def test_key_is_found_in_pieces(way: str, seed: int) -> None:
    random = Random(seed)
    parts = _cut(random.choice((KEY, KEY.swapcase(), KEY[::-1])), random)
    redacted = REDACTOR.data(DIVIDED[way](parts))
    assert MARK in redacted
    assert all(part.encode() not in redacted for part in parts if len(part) > 6)


def test_key_is_found_letter_by_letter_and_encoded_in_pieces_and_behind_digits() -> None:
    encoded = base64.b64encode(KEY.encode()).decode()
    encoded_behind = base64.b64encode(b"." * 4096 + KEY.encode()).decode()
    for body in (
        _events(list(KEY)),
        _events([encoded[:13], encoded[13:30], encoded[30:]]),
        f'{{"m":"{"0af1" * 30}{encoded_behind}"}}'.encode(),
    ):
        assert MARK in REDACTOR.data(body), body


@pytest.mark.parametrize("places", [(12,), (9, 20), (4, 8, 30)], ids=str)
def test_key_is_found_in_pieces_of_header_lines(places: tuple[int, ...]) -> None:
    parts = [KEY[a:b] for a, b in zip((0, *places), (*places, None), strict=True)]
    headers = tuple((f"x-part-{n}", part) for n, part in enumerate(parts))
    redacted = REDACTOR.headers((("date", "today"), *headers, ("server", "x")))
    assert any(REDACTED_KEY in value for _, value in redacted)
    assert not any(part in value for part in parts if len(part) > 4 for _, value in redacted)
    assert [name for name, _ in redacted][1:-1] == [name for name, _ in headers]


def _png(**texts: str) -> bytes:
    info = PngInfo()
    for name, text in texts.items():
        (info.add_itxt if name.startswith("i") else info.add_text)(
            name, text, zip=name.endswith("z")
        )
    return _image_file("png", pnginfo=info)


def _image_file(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(picture("png", (64, 64)))).convert("RGB").save(file, kind, **options)
    return file.getvalue()


def _exif(*texts: str) -> bytes:
    exif = Image.Exif()
    for tag, text in zip((0x010E, 0x013B, 0x8298), texts, strict=False):
        exif[tag] = text
    return exif.tobytes()


ENTITIES = "".join(f"&#{ord(letter)};" for letter in KEY)
XMP = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{ENTITIES}</x:xmpmeta>".encode()
PICTURES: dict[str, Callable[[], bytes]] = {
    "tEXt": lambda: _png(t=KEY),
    "zTXt": lambda: _png(tz=KEY),
    "iTXt": lambda: _png(i=KEY),
    "compressed iTXt": lambda: _png(iz=KEY.swapcase()),
    "two tEXt": lambda: _png(a=KEY[:15], b=KEY[15:]),
    "three zTXt": lambda: _png(az=KEY[:11], bz=KEY[11:25], cz=KEY[25:]),
    "base64 in tEXt": lambda: _png(t=base64.b64encode(KEY.encode()).decode()),
    "EXIF of PNG": lambda: _image_file("png", exif=_exif(KEY)),
    "EXIF of JPEG": lambda: _image_file("jpeg", exif=_exif(KEY.upper())),
    "EXIF in two": lambda: _image_file("jpeg", exif=_exif(KEY[:20], KEY[20:])),
    "EXIF of WebP": lambda: _image_file("webp", exif=_exif(ENTITIES)),
    "XMP": lambda: _image_file("jpeg", xmp=XMP),
    "comment of JPEG": lambda: _image_file("jpeg", comment=KEY.encode()),
    "escaped comment of JPEG": lambda: _image_file("jpeg", comment=ENTITIES.encode()),
    "comment of GIF": lambda: _image_file("gif", comment=KEY.encode()),
    "after the end": lambda: _image_file("png") + ENTITIES.encode(),
}


@pytest.mark.parametrize("file", PICTURES.values(), ids=PICTURES)
def test_key_is_found_in_the_metadata_of_a_picture_and_within_base64(
    file: Callable[[], bytes],
) -> None:
    data = file()
    redacted = REDACTOR.binary(data)
    body = REDACTOR.data(b'{"b64_json":"' + base64.b64encode(data) + b'"}')
    for output in (redacted, base64.b64decode(body[13:-2], validate=True)):
        assert MARK in output or SHORT_FILLER in output
        assert len(output) == len(data)
    assert REDACTOR.binary(redacted) == redacted
    Image.open(io.BytesIO(redacted)).load()


def test_redacting_a_png_renews_its_checksums() -> None:
    file = REDACTOR.binary(_png(t=KEY))
    at = file.index(b"tEXt")
    length = int.from_bytes(file[at - 4 : at], "big")
    checksum = file[at + 4 + length : at + 8 + length]
    assert checksum == zlib.crc32(file[at : at + 4 + length]).to_bytes(4, "big")


ORDINARY = (
    b'{"prompt":"a key on a table, signature style","size":"1024x1024"}',
    b'{"created":1,"data":[{"revised_prompt":"A spell, 7 tests & 4 keys: sk-...iJ9"}]}',
    b'{"error":{"message":"Incorrect API key provided: sk-Spell****************************iJ9."}}',
    json.dumps(
        {"prompt": "a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5"}
    ).encode(),
)


def test_ordinary_text_a_masked_key_and_words_that_make_up_a_key_of_words_stay() -> None:
    assert [body for body in ORDINARY if REDACTOR.data(body) != body] == []
    body = b'{"m":"A reference to non-conforming performance; the reference - of - conformance"}'
    assert Redactor("sk-reference-conformance").data(body) == body


@pytest.mark.parametrize("seed", sample(range(3), 3))
def test_ordinary_pictures_stay(seed: int) -> None:
    data = Random(seed).randbytes(300_000)
    body = json.dumps({"b64_json": base64.b64encode(data).decode(), "hex": data[:5000].hex()})
    assert REDACTOR.data(body.encode()) == body.encode()
    assert REDACTOR.binary(b"\x89PNG\r\n\x1a\n" + data) == b"\x89PNG\r\n\x1a\n" + data


def test_short_key_leaves_its_sign_in_a_picture() -> None:
    file = Redactor("abcd1234").response(Response(200, (), _png(t="abcd1234")))
    assert file is not None
    assert b"sk!key!!" in file.body


def test_a_finder_does_not_show_its_key() -> None:
    assert "Spell7" not in f"{Spellings(KEY)!r} {vars(Spellings(KEY))!r} {REDACTOR!r}"


ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in KEY).encode()
HIDDEN = {
    "plain": KEY.encode(),
    "percent-encoded": quote(KEY, safe="").encode(),
    "without its prefix": KEY.removeprefix("sk-").encode(),
    **{f"base64 after {n}": base64.b64encode(b"x" * n + KEY.encode()) for n in range(3)},
}


def exchange_with_key(secret: bytes) -> Exchange:
    """Make an exchange with a key wherever one could stand."""
    text = secret.decode()
    body = b'{"error":{"message":"no such key ' + secret + b'"}}'
    url = f"https://images.example/{text}.png?token={text}"
    image = b"\x89PNG\r\n\x1a\n\0\0" + KEY.encode() + b"\0" * 600
    request = f"https://api.example/v1?key={text}", (("authorization", f"Bearer {KEY}"),), body
    headers = (("x-echo", text), ("set-cookie", text), (text, "1"))
    image_download = Download(url, Response(200, (("content-type", "image/png"),), image))
    failed_download = Download(url + "2", failure=Failure("connect", f"no answer from {url}"))
    answer = Response(400, headers, body)
    about = ("planted", "dall-e-3", "planted", Request("POST", *request), answer)
    return Exchange(*about, downloads=(image_download, failed_download), sent_at=1.0)


@pytest.mark.parametrize("secret", HIDDEN.values(), ids=HIDDEN)
def test_redaction_leaves_no_key_on_disk_and_keeps_the_sign_that_it_came_back(
    secret: bytes, tmp_path: Path
) -> None:
    library = CassetteLibrary(tmp_path, "planted", "an-edition", "a tool")
    redacted = REDACTOR.exchange(exchange_with_key(secret))
    case = Case(id="planted", model="dall-e-3", body={"model": "dall-e-3", "prompt": "A kite."})
    library.record(redacted, case, "https://api.example/v1")
    on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert len(list(tmp_path.rglob("*.yaml"))) == 1
    assert [name for name, spelling in HIDDEN.items() if spelling[4:-4] in on_disk] == []
    assert redacted.response is not None
    assert MARK in redacted.response.body
    assert secret != KEY.encode() or redacted.response.header("x-echo") == REDACTED_KEY


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (b'{"k":"%s"}', "image/png"),
        (b'GIF89a{"k":"%s"}', "application/json"),
        (b'{"k":"%s"}', None),
    ],
    ids=["false type", "first bytes of an image", "no type"],
)
def test_redaction_finds_an_escaped_key_whatever_the_answer_says_it_is(
    form: bytes, kind: str | None
) -> None:
    headers = (("content-type", kind),) if kind else ()
    redacted = REDACTOR.response(Response(200, headers, form % ESCAPED))
    assert redacted is not None
    assert ESCAPED[24:] not in redacted.body
    assert MARK in redacted.body


@pytest.mark.parametrize("piece", [b"\\", b"%25", b"&amp;", b"&#", b"?sig=", b"s\\", b"\\u00"])
def test_redaction_takes_time_in_proportion_to_a_hostile_body(piece: bytes) -> None:
    started = time.process_time()
    REDACTOR.data(piece * 50_000)
    assert time.process_time() - started < 2.5  # the square of it would take hours


def test_redaction_shows_that_the_key_stood_for_a_signature() -> None:
    assert REDACTOR.text(f"https://host/?key={KEY}#{KEY}") == f"https://host/?key={REDACTED_KEY}"


def test_redaction_takes_signatures_out_of_urls() -> None:
    for query in ("sig=abc%2Bd", "X-Amz-Signature=0123", "Signature=xyz~", "token=t.t.t"):
        text = f'{{"url":"https://host/image.png?se=2026-01-01&{query}"}}'
        name, _, value = query.partition("=")
        assert Redactor(None).text(text) == text.replace(f"{name}={value}", f"{name}=REDACTED")


SIGNED = "https://images.example/i.png?se=2026&sig=aB+c/d=&sp=r"
SPELLINGS = {
    "plain": SIGNED,
    "ampersand": SIGNED.replace("&", "\\u0026"),
    "equals-sign": SIGNED.replace("&", "\\u0026").replace("=", "\\u003D"),
    "slash": SIGNED.replace("/", "\\/"),
    "everything": SIGNED.replace("/", "\\u002f").replace("+", "\\u002b").replace("&", "\\u0026"),
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_redaction_of_a_body_and_of_its_urls_agree(spelling: str) -> None:
    body = f'{{"url":"{spelling}","more":"&sig"}}'.encode()
    (url, more) = json.loads(Redactor(None).data(body)).values()
    assert (url, more) == (Redactor(None).text(SIGNED), "&sig")
    assert url == "https://images.example/i.png?se=2026&sig=REDACTED&sp=r"
