"""Hands pytest the suite where it is asked for by name, and is nothing at all anywhere else.

An installed plugin of pytest is loaded in every repository. So this module stands outside of the
package, registers no option and imports nothing of it until an argument names the suite: another
repository may have a `--live` of its own, and a folder `conformance`.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

PACKAGE = "conformance"
PLUGIN = f"{PACKAGE}.plugin"


def _home() -> Path:
    """Return the folder of the package: beside this module, or the checkout that it is a copy of.

    An editable installation copies this module into the environment, and the package not.
    """
    beside = Path(__file__).resolve().parent
    known = [beside, *map(Path, sys.path)]
    whole = (each for each in known if (each / PACKAGE / "plugin.py").is_file())
    holds_both = (each for each in whole if (each / Path(__file__).name).is_file())
    return next(holds_both, beside).resolve() / PACKAGE


HOME = _home()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, object, object]:
    """Load the suite if it is asked for; alone, without the conftest files of where it is asked.

    Those are about other tests, and may have options of the same names.
    """
    named = early_config.known_args_namespace
    manager = early_config.pluginmanager
    if manager.has_plugin(PLUGIN) or not any(_is_ours(each, named) for each in named.file_or_dir):
        return (yield)
    _import_ours()
    manager.import_plugin(PLUGIN)
    named = parser.parse_known_args(args)  # now that the values of our options are none
    if all(_is_ours(each, named) for each in named.file_or_dir):
        early_config.known_args_namespace.noconftest = True
    try:
        return (yield)
    except ValueError as error:
        if "already" not in str(error):
            raise
        raise pytest.UsageError(
            f"the suite and a conftest.py have options of the same name ({error}); "
            f"judge providers in a run of pytest of their own"
        ) from None


def _is_ours(argument: str, named: object) -> bool:
    """Return whether an argument names the suite, as a package or by a path within it."""
    path = argument.split("::")[0]
    if getattr(named, "pyargs", False) and path.split(".")[0] == PACKAGE:
        return True
    return Path(path).resolve().is_relative_to(HOME)


def _import_ours() -> None:
    """Import the package; raises `UsageError` where another of its name stands before it."""
    __import__(PACKAGE)
    places: Sequence[str] = list(sys.modules[PACKAGE].__path__)
    if HOME not in [Path(each).resolve() for each in places]:
        raise pytest.UsageError(
            f"{places[0]} stands before the suite, which has the same name, so that Python imports "
            f"it instead; run pytest with `python -P -m pytest`, and without a pythonpath that "
            f"leads there"
        )
