"""A key is found under every composition of what may be done to text, and nothing else is."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable
from random import Random
from urllib.parse import quote

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from conformance.exchange.model import REDACTED_KEY, Response
from conformance.exchange.redaction.api_key import Redactor
from conformance.exchange.redaction.key_spellings import SHORT_FILLER, Spellings
from tests.extent import examples
from tests.miniatures import picture

KEY = "sk-Spell7/ed+0ut_4Tests-aB5cD6eF7gH8iJ9"
REDACTOR = Redactor(KEY)
MARK = REDACTED_KEY.encode()
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # a smaller seed is no simpler example
SEEDS = st.integers(0, 1 << 32)
Change = Callable[[str, Random], str]
Simple = Callable[[str], str]


def _each(text: str, spelled: Callable[[str], str], random: Random) -> str:
    """Spell some of the letters in another way, or all where they are an escape already.

    An escape that is half escaped can be read in more than one way.
    """
    share = 1.0 if re.search(r"[\\\\%&]", text) else random.choice((0.2, 0.6, 1.0))
    return "".join(spelled(one) if random.random() < share else one for one in text)


def _base64(text: str, random: Random, encode: Callable[[bytes], bytes]) -> str:
    before = "x" * random.randrange(4)
    coded = encode(before.encode() + text.encode()).decode()
    return random.choice(("", "Q", "Qw", "Qwe")) + coded.rstrip("=" * random.randrange(2))


def _folded(text: str) -> str:
    return re.sub(r"(.{20})", r"\1\n", text)


def _mixed_case(text: str, random: Random) -> str:
    return "".join(random.choice((one.lower(), one.upper())) for one in text)


LOSSLESS: dict[str, Change] = {
    "base64": lambda text, random: _base64(text, random, base64.b64encode),
    "base64 for URLs": lambda text, random: _base64(text, random, base64.urlsafe_b64encode),
    "base64 with escaped slashes": lambda text, random: _base64(
        text, random, base64.b64encode
    ).replace("/", "\\/"),
    "digits": lambda text, random: _mixed_case(text.encode().hex(), random),
    "escapes of JSON": lambda text, random: _each(
        text.replace("\\", "\\\\"), lambda one: one if one == "\\" else f"\\u{ord(one):04x}", random
    ),
    "string of JSON": lambda text, _: json.dumps({"text": text}),
    "percent": lambda text, random: _each(text, lambda one: f"%{ord(one):02X}", random),
    "percent twice": lambda text, random: quote(
        _each(text, lambda one: f"%{ord(one):02x}", random)
    ),
    "decimal entities": lambda text, random: _each(
        text, lambda one: f"&#{'0' * random.randrange(9)}{ord(one)};", random
    ),
    "hexadecimal entities": lambda text, random: _each(
        text, lambda one: f"&#X{'0' * random.randrange(9)}{ord(one):X};", random
    ),
    "entities without an end": lambda text, _: "".join(f"&#{ord(one)}" for one in text),
    "named entities": lambda text, _: (
        text.replace("&", "&amp;").replace("/", "&sol;").replace("+", "&plus;")
    ),
    "numbers": lambda text, random: random.choice((", ", ",", " ", "\n")).join(
        str(ord(one)) for one in text
    ),
    "pairs of digits": lambda text, random: random.choice((":", " 0x", " ", "-", ", 0x")).join(
        f"{ord(one):02x}" for one in text
    ),
    "compressed": lambda text, _: base64.b64encode(gzip.compress(text.encode())).decode(),
    "words around": lambda text, _: f"The key {text} is wrong.",
}
LOSSY: dict[str, Simple] = {
    "as it is": lambda text: text,
    "upper": lambda text: text.upper(),
    "lower": lambda text: text.lower(),
    "swapped": lambda text: text.swapcase(),
    "title": lambda text: text.title(),
    "backwards": lambda text: text[::-1],
    "without its prefix": lambda text: text.removeprefix("sk-"),
    "wide": lambda text: text.encode("utf-16-le").decode("latin-1"),
    "folded": _folded,
}


def echoed(body: bytes) -> bool:
    """Whether redaction saw the key, as the clause would tell."""
    return MARK in REDACTOR.data(body)


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
    told = (json.dumps({"type": "delta", "index": n, "text": one}) for n, one in enumerate(parts))
    return "".join(f"event: delta\ndata: {one}\n\n" for one in told).encode()


DIVIDED: dict[str, Callable[[list[str]], bytes]] = {
    "events": _events,
    "members": lambda parts: json.dumps({f"m{n}": one for n, one in enumerate(parts)}).encode(),
    "items": lambda parts: json.dumps({"data": [{"url": one} for one in parts]}).encode(),
    "list": lambda parts: json.dumps(parts, indent=1).encode(),
    "page": lambda parts: "".join(f"<b>{one}</b>\n" for one in parts).encode(),
}


@pytest.mark.parametrize("way", DIVIDED)
@settings(max_examples=25, deadline=None, derandomize=True, phases=PHASES)
@given(SEEDS)
def test_key_is_found_in_pieces(way: str, seed: int) -> None:
    random = Random(seed)
    parts = _cut(random.choice((KEY, KEY.swapcase(), KEY[::-1])), random)
    redacted = REDACTOR.data(DIVIDED[way](parts))
    assert MARK in redacted
    assert all(one.encode() not in redacted for one in parts if len(one) > 6)


def test_key_is_found_letter_by_letter() -> None:
    assert echoed(_events(list(KEY)))


def test_digits_before_base64_hide_no_key_behind_them() -> None:
    coded = base64.b64encode(b"." * 4096 + KEY.encode()).decode()
    assert echoed(f'{{"m":"{"0af1" * 30}{coded}"}}'.encode())


def test_encoded_key_is_found_in_pieces_of_events() -> None:
    coded = base64.b64encode(KEY.encode()).decode()
    assert echoed(_events([coded[:13], coded[13:30], coded[30:]]))


@pytest.mark.parametrize("places", [(12,), (9, 20), (4, 8, 30)], ids=str)
def test_key_is_found_in_pieces_of_header_lines(places: tuple[int, ...]) -> None:
    parts = [KEY[a:b] for a, b in zip((0, *places), (*places, None), strict=True)]
    headers = tuple((f"x-part-{n}", one) for n, one in enumerate(parts))
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
    return _saved("png", pnginfo=info)


def _saved(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(picture("png", (64, 64)))).convert("RGB").save(file, kind, **options)
    return file.getvalue()


def _exif(*texts: str) -> bytes:
    exif = Image.Exif()
    for tag, text in zip((0x010E, 0x013B, 0x8298), texts, strict=False):
        exif[tag] = text
    return exif.tobytes()


ENTITIES = "".join(f"&#{ord(one)};" for one in KEY)
XMP = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{ENTITIES}</x:xmpmeta>".encode()
PICTURES: dict[str, Callable[[], bytes]] = {
    "tEXt": lambda: _png(t=KEY),
    "zTXt": lambda: _png(tz=KEY),
    "iTXt": lambda: _png(i=KEY),
    "compressed iTXt": lambda: _png(iz=KEY.swapcase()),
    "two tEXt": lambda: _png(a=KEY[:15], b=KEY[15:]),
    "three zTXt": lambda: _png(az=KEY[:11], bz=KEY[11:25], cz=KEY[25:]),
    "base64 in tEXt": lambda: _png(t=base64.b64encode(KEY.encode()).decode()),
    "EXIF of PNG": lambda: _saved("png", exif=_exif(KEY)),
    "EXIF of JPEG": lambda: _saved("jpeg", exif=_exif(KEY.upper())),
    "EXIF in two": lambda: _saved("jpeg", exif=_exif(KEY[:20], KEY[20:])),
    "EXIF of WebP": lambda: _saved("webp", exif=_exif(ENTITIES)),
    "XMP": lambda: _saved("jpeg", xmp=XMP),
    "comment of JPEG": lambda: _saved("jpeg", comment=KEY.encode()),
    "escaped comment of JPEG": lambda: _saved("jpeg", comment=ENTITIES.encode()),
    "comment of GIF": lambda: _saved("gif", comment=KEY.encode()),
    "after the end": lambda: _saved("png") + ENTITIES.encode(),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_key_is_found_in_the_metadata_of_a_picture(kind: str) -> None:
    file = PICTURES[kind]()
    redacted = REDACTOR.binary(file)
    assert MARK in redacted or SHORT_FILLER in redacted
    assert len(redacted) == len(file)
    assert REDACTOR.binary(redacted) == redacted
    Image.open(io.BytesIO(redacted)).load()


@pytest.mark.parametrize("kind", PICTURES)
def test_key_in_metadata_is_found_within_base64(kind: str) -> None:
    coded = base64.b64encode(PICTURES[kind]())
    redacted = REDACTOR.data(b'{"b64_json":"' + coded + b'"}')
    within = base64.b64decode(redacted[13:-2], validate=True)
    assert MARK in within or SHORT_FILLER in within
    assert len(redacted) == len(coded) + 15


def test_redacting_a_png_renews_its_checksums() -> None:
    file = REDACTOR.binary(_png(t=KEY))
    at = file.index(b"tEXt")
    length = int.from_bytes(file[at - 4 : at], "big")
    told = file[at + 4 + length : at + 8 + length]
    assert told == zlib.crc32(file[at : at + 4 + length]).to_bytes(4, "big")


ORDINARY = (
    b'{"prompt":"a key on a table, signature style","size":"1024x1024"}',
    b'{"created":1,"data":[{"revised_prompt":"A spell, 7 tests & 4 keys: sk-...iJ9"}]}',
    b'{"error":{"message":"Incorrect API key provided: sk-Spell****************************iJ9."}}',
    json.dumps(
        {"prompt": "a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5"}
    ).encode(),
)


@pytest.mark.parametrize("body", ORDINARY)
def test_ordinary_text_and_a_masked_key_stay(body: bytes) -> None:
    assert REDACTOR.data(body) == body


@pytest.mark.parametrize("seed", range(3))
def test_ordinary_pictures_stay(seed: int) -> None:
    data = Random(seed).randbytes(300_000)
    body = json.dumps({"b64_json": base64.b64encode(data).decode(), "hex": data[:5000].hex()})
    assert REDACTOR.data(body.encode()) == body.encode()
    assert REDACTOR.binary(b"\x89PNG\r\n\x1a\n" + data) == b"\x89PNG\r\n\x1a\n" + data


def test_words_that_make_up_a_key_of_words_stay() -> None:
    body = b'{"m":"A reference to non-conforming performance; the reference - of - conformance"}'
    assert Redactor("sk-reference-conformance").data(body) == body


def test_short_key_leaves_its_sign_in_a_picture() -> None:
    file = Redactor("abcd1234").response(Response(200, (), _png(t="abcd1234")))
    assert file is not None
    assert b"sk!key!!" in file.body


def test_a_finder_does_not_show_its_key() -> None:
    assert "Spell7" not in f"{Spellings(KEY)!r} {vars(Spellings(KEY))!r} {REDACTOR!r}"
