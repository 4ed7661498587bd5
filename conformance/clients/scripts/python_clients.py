"""One client of Python: a task a line on standard input, what the client gave a line on the output.

It is run by the interpreter that has the clients, so that it imports nothing of the suite.
"""

import base64
import json
import os
import sys
from collections.abc import Callable
from typing import Any

Generate = Callable[[dict[str, Any]], Any]
"""Gives what a client gives for a task."""

LOOPBACK = ("127.0.0.1", "localhost", None)
KEY = "sk-no-key"
ENDS = ((b"\x89PNG", b"IEND\xaeB`\x82"), (b"\xff\xd8\xff", b"\xff\xd9"))
"""How a PNG and a JPEG begin and end."""


def stay_on_loopback(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse every connection and name that is not this machine's."""
    host = None
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    if (host.decode() if isinstance(host, bytes) else host) not in LOOPBACK:
        raise PermissionError(f"only loopback may be connected to, not {host}")


def image(text: str) -> str:
    """Return what base64 holds, decoded as the client's documentation does."""
    try:
        data = base64.b64decode(text)
    except ValueError:
        return "no base64"
    is_picture = any(data.startswith(head) and data.endswith(tail) for head, tail in ENDS)
    is_webp = data.startswith(b"RIFF") and int.from_bytes(data[4:8], "little") == len(data) - 8
    return "an image" if is_picture or is_webp else "no image"


def without_payloads(value: Any) -> Any:
    """Return JSON values, with what base64 holds in its place; leave out what is null."""
    value = value.model_dump() if hasattr(value, "model_dump") else value
    if isinstance(value, list):
        return [without_payloads(item) for item in value]
    if not isinstance(value, dict):
        return value
    members = {name: without_payloads(item) for name, item in value.items() if item is not None}
    if isinstance(members.get("b64_json"), str):
        members["b64_json"] = image(members["b64_json"])
    return members


def openai_client() -> Generate:
    import openai

    def generate(task: dict[str, Any]) -> Any:
        client = openai.OpenAI(base_url=task["base_url"], api_key=KEY, max_retries=0, timeout=8)
        answer = client.images.generate(**task["request"])
        if task["request"].get("stream"):
            return {"events": list(answer)}
        return answer

    return generate


def litellm_client() -> Generate:
    import litellm

    litellm.suppress_debug_info = True

    def generate(task: dict[str, Any]) -> Any:
        request = dict(task["request"], model=f"openai/{task['request']['model']}")
        return litellm.image_generation(
            **request, api_base=task["base_url"], api_key=KEY, max_retries=0, timeout=8
        )

    return generate


def langchain_client() -> Generate:
    from langchain_community.utilities.dalle_image_generator import DallEAPIWrapper

    def generate(task: dict[str, Any]) -> Any:
        request = task["request"]
        if "stream" in request or request.get("response_format", "url") != "url":
            raise NotImplementedError("the tool reads URLs alone, and no stream")
        count = {"n": request["n"]} if "n" in request else {}
        tool = DallEAPIWrapper(
            model=request["model"],
            api_key=KEY,
            base_url=task["base_url"],
            max_retries=0,
            timeout=8,
            **count,
        )
        text = tool.run(request["prompt"])
        if text == "No image was generated":
            raise ValueError(text)
        return {"images": [{"url": url} for url in text.split("\n")]}

    return generate


CLIENTS: dict[str, Callable[[], Generate]] = {
    "openai": openai_client,
    "litellm": litellm_client,
    "langchain": langchain_client,
}


def raised(error: Exception) -> dict[str, Any]:
    members = {"line": f"{type(error).__name__}: {error}"[:2000]}
    for name, member in (("status", "status_code"), ("code",) * 2, ("type",) * 2, ("param",) * 2):
        value = getattr(error, member, None)
        if value is not None:
            members[name] = value
    return {"raised": members}


def main() -> None:
    output = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a client prints is no result
    generate = CLIENTS[sys.argv[1]]()
    sys.addaudithook(stay_on_loopback)
    output.write("{}\n")  # ready
    for line in sys.stdin:
        task = json.loads(line)
        try:
            result = {"value": without_payloads(generate(task))}
        except Exception as error:
            result = raised(error)
        output.write(json.dumps({"id": task["id"], **result}, default=str) + "\n")


if __name__ == "__main__":
    main()
