"""A current folder of somebody else's making: what in it might run, or lead elsewhere."""

from __future__ import annotations

MODULES = (
    "json", "queue", "execnet", "threading", "socket", "typing", "pytest", "xdist", "httpx",
    "sitecustomize", "usercustomize", "conftest", "conformance", "plugin", "runpy", "vcr", "yaml",
    "test_promises", "hypothesis", "dotenv", "_pytest", "pluggy", "encodings", "signal",
)  # fmt: skip
"""Files named as modules that the suite, its workers or Python itself import."""

CONFIGURATION = {
    "pytest.ini": "[pytest]\naddopts = -p plugin\nrequired_plugins = plugin\npythonpath = .\n",
    "pyproject.toml": "[tool.pytest.ini_options]\naddopts = ['-p', 'plugin']\npythonpath = ['.']\n",
    "tox.ini": "[pytest]\naddopts = -p plugin\n",
    "setup.cfg": "[tool:pytest]\naddopts = -p plugin\n",
    ".env": "PYTEST_ADDOPTS=-p plugin\nPYTHONPATH=.\n",
    ".coveragerc": "[run]\nplugins = plugin\n",
}
"""Files of settings that name a module of the folder."""

OUTPUTS = {
    "html": "report run.jsonl -o a.html",
    "md": "report run.jsonl -o a.md",
    "junit": "report run.jsonl -o a.xml",
    "badge": "report run.jsonl -o a.svg",
    "format": "report run.jsonl -f md -o a",
    "drift": "drift run.jsonl new.jsonl -o a.md",
    "history": "history . -o a.md",
    "plan": "plan -o a.json",
    "judge": "judge run.jsonl -o a.jsonl",
    "run": "run -p reference --models dall-e-2 --cases n-1 -o a.jsonl",
}
"""Commands whose last word is a symbolic link to a file of the user's."""

LINKS = ("case", "model", "provider", "payloads")
"""What of the cassettes of a provider is a symbolic link."""
