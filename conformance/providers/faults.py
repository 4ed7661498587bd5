"""What is wrong with a provider's file by its schema, as a sentence that says what to write."""

from __future__ import annotations

from datetime import date

from jsonschema import ValidationError

from conformance.errors import nearest
from conformance.output.printing import printable

_DATE = "is no date; write it as 2026-01-31"
NO_VARIABLE = "is no name of an environment variable; write the name, never the key itself"
_FORMS = {
    "base_url": "is no http or https address; write it whole, as in https://api.example.com/v1",
    "key_variable": NO_VARIABLE,
    **dict.fromkeys(("date", "since", "expires", "deprecated", "until", "retrieved"), _DATE),
}
_SECRET = "key_variable"  # noqa: S105 - users write the key itself there
_KINDS = {
    "string": "a text in quotes",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list in brackets",
    "object": "a table",
}


def rank(error: ValidationError) -> tuple[bool, bool, int]:
    """Rank names without quotes first, then unknown keys: a missing key may be a misspelt one.

    Of the rest the deepest place comes first.
    """
    unknown = error.validator == "additionalProperties"
    return _torn_name(error) is None, not unknown, -len(error.absolute_path)


def explain(error: ValidationError) -> str:
    """Return a message with the key, and for an unknown key its nearest valid name."""
    where = ".".join(str(part) for part in error.absolute_path) or "the file"
    torn = _torn_name(error)
    if torn is not None:
        return f'{torn}: a name with a dot needs quotes; write "{torn}"'
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = set(error.schema.get("properties", {}))  # type: ignore[union-attr]  # a dict here
        unknown = sorted(set(error.instance) - known)[0]
        return f"{where}: unknown key {unknown!r}; {nearest(unknown, known)}"
    name, value = str(error.absolute_path[-1]) if error.absolute_path else "", error.instance
    if error.validator == "pattern" and name in _FORMS:
        quoted_value = "" if name == _SECRET else f"{printable(repr(value), 100)} "
        return f"{where}: {quoted_value}{_FORMS[name]}"
    if error.validator == "type" and isinstance(value, date):  # TOML has dates of its own
        return f'{where}: {value} needs quotes; write "{value}"'
    if error.validator == "type" and error.validator_value == "array" and isinstance(value, dict):
        return f"{where}: is one table, and there may be several; write [[{where}]]"
    if error.validator == "type":
        kind = _KINDS[str(error.validator_value)]
        return f"{where}: {printable(repr(value), 100)} is not {kind}{_priced(error)}"
    return f"{where}: {error.message[:200]}"


def _priced(error: ValidationError) -> str:
    """Say how the price of an image is written, where a number stands for a table of them."""
    model = str(error.absolute_path[-1]) if error.absolute_path else ""
    if list(error.absolute_path)[:2] != ["prices", "image"] or isinstance(error.instance, dict):
        return ""
    return f'; write "{model}" = {{ default = {error.instance!r} }}'


def _torn_name(error: ValidationError) -> str | None:
    """Return the name of a model that TOML took for tables within tables; None for another fault.

    `gpt-image-1.5` without quotes is a table `gpt-image-1` that has a `5`.
    """
    path, value = [str(part) for part in error.absolute_path], error.instance
    above = {"models": 1, "lifecycle": 1, "prices": 2}.get(path[0] if path else "", len(path))
    names = path[above:]
    if not names or not isinstance(value, dict) or error.validator == "required":
        return None
    if error.validator == "additionalProperties":
        inner = [(key, table) for key, table in value.items() if isinstance(table, dict)]
        return ".".join([*names, inner[0][0]]) if inner else None
    while isinstance(value, dict):
        key, value = next(iter(value.items()), ("", None))
        if above == 1 or isinstance(value, dict):  # the last table of prices has no name's part
            names.append(key)
    return ".".join(names)
