"""Write what the aimock counterpart answers with: aimock/images.json and aimock/files/.

aimock returns its fixture whatever n, size or response_format ask, so that each fixture is what
its model answers to a request with nothing but a prompt: one picture, 1024x1024, PNG; a URL for
dall-e, base64 for the rest. Run it with the suite's own Python (it needs Pillow).
"""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

HERE = Path(__file__).resolve().parent / "aimock"
FILES = "http://127.0.0.1:14021"
BY_URL = ("dall-e-2", "dall-e-3")
BY_BASE64 = ("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "qwen-image")
SIDE = 1024


def picture(number: int) -> bytes:
    """Paint a small but not flat PNG; each number has shapes and colours of its own."""
    image = Image.new("RGB", (SIDE, SIDE), (30 + 30 * number, 90, 200 - 25 * number))
    draw = ImageDraw.Draw(image)
    for ring in range(number + 3):
        inset = 60 + ring * 50
        colour = (255 - 30 * ring, 40 * number, 35 * ring)
        draw.rectangle((inset, inset, SIDE - inset, SIDE - inset), outline=colour, width=24)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def fixture(model: str, image: dict[str, str]) -> dict[str, Any]:
    """Tie an answer to a model; aimock reads `b64Json`, and takes `b64_json` for an empty item."""
    return {"match": {"endpoint": "image", "model": model}, "response": {"image": image}}


def by_url(model: str, number: int) -> dict[str, Any]:
    """Write the picture to a file and answer with the URL that start.sh serves it under."""
    (HERE / "files" / f"{model}.png").write_bytes(picture(number))
    image = {"url": f"{FILES}/{model}.png"}
    if model == "dall-e-3":
        image["revisedPrompt"] = "Nested square frames in two colours on a plain background"
    return fixture(model, image)


def by_base64(model: str, number: int) -> dict[str, Any]:
    """Answer with the picture itself."""
    return fixture(model, {"b64Json": base64.b64encode(picture(number)).decode("ascii")})


def main() -> None:
    """Write every fixture."""
    (HERE / "files").mkdir(parents=True, exist_ok=True)
    fixtures = [by_url(model, number) for number, model in enumerate(BY_URL)]
    fixtures += [by_base64(model, number) for number, model in enumerate(BY_BASE64, len(BY_URL))]
    text = json.dumps({"fixtures": fixtures}, indent=1)
    (HERE / "images.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
