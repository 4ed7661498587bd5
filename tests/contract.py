"""The models of the contract by short names, and small requests of them."""

from __future__ import annotations

from typing import Any

D2, D3, G1, MINI, G15 = "dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5"
QWEN, G2 = "qwen-image", "gpt-image-2"
NAMED = (D2, D3, G1, MINI, G15, QWEN)
GPT = (G1, MINI, G15, G2)


def asking(model: str, **parameters: Any) -> dict[str, Any]:
    """Give a small request body for a model."""
    return {"model": model, "prompt": "a boat", **parameters}
