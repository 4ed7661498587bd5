"""Clauses from outside: a module of the user, or of a package that is installed.

A package names its module under the entry-point group `image_conformance.clauses`; a user names a
module, or a file, with `--plugin`. Such a module registers clauses as ours do, and its sources
with `define_source`, because no document of an edition makes its promises.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from itertools import dropwhile
from pathlib import Path
from traceback import extract_tb
from types import ModuleType

from conformance.clauses.registry import REGISTRY, Clause
from conformance.contract import OUTSIDE_SOURCES, CitedSource
from conformance.errors import ConformanceError
from conformance.output.printing import printable

GROUP = "image_conformance.clauses"
_ID = re.compile(r"[a-z][a-z0-9-]*\.[a-z][a-z0-9_.-]*")
_FILE_NAME = "image_conformance_plugin_{}"


class ExtensionError(ConformanceError):
    """A plugin that cannot be loaded; the message says why, and in which line."""


def define_source(name: str, title: str, url: str, *, edition: str, retrieved: str) -> None:
    """Define a document that clauses from outside cite; `edition` and `retrieved` are its dates."""
    OUTSIDE_SOURCES[name] = CitedSource(name, title, url, edition, retrieved)


@cache
def load_installed() -> None:
    """Import what installed packages register; once a process."""
    for point in entry_points(group=GROUP):
        _import_checked(point.value, point.load)


def load_plugins(names: Iterable[str]) -> None:
    """Import modules, or files named by a path that ends in .py; each once a process.

    Raises ExtensionError for one that is missing, fails, or registers what cannot be judged.
    """
    for name in names:
        _load(name)


@cache
def _load(name: str) -> None:
    if name.endswith(".py") or "/" in name:
        _import_checked(name, lambda: _from_file(Path(name)))
    else:
        _import_checked(name, lambda: importlib.import_module(name))


def _import_checked(name: str, load: Callable[[], object]) -> None:
    before = set(REGISTRY)
    try:
        load()
    except ModuleNotFoundError as error:
        if error.name == name.partition(".")[0]:
            raise ExtensionError(
                f"plugin {name!r}: no such module is installed; a file is named by its path, "
                f"as in --plugin ./{name}.py"
            ) from None
        raise _load_error(name, error) from None
    except (Exception, SystemExit) as error:
        raise _load_error(name, error) from None
    for clause in [REGISTRY[known] for known in REGISTRY if known not in before]:
        _check(name, clause)


def _from_file(path: Path) -> ModuleType:
    module_name = _FILE_NAME.format(path.stem)
    spec = spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise ImportError("is no Python file: its name must end in .py")
    module = module_from_spec(spec)
    sys.modules[module_name] = module  # dataclasses and pickle look there
    spec.loader.exec_module(module)
    return module


def _check(name: str, clause: Clause) -> None:
    if not _ID.fullmatch(clause.id):
        raise ExtensionError(
            f"plugin {name!r}: {clause.id!r} is no id of a clause; write chapter.name in small "
            f"letters, digits and '-', as in acme.answers-in-time"
        )
    if not clause.citations:
        raise ExtensionError(
            f"plugin {name!r}: clause {clause.id} cites nothing; cite who promises it, a source of "
            f"the edition or one of define_source"
        )


def _load_error(name: str, error: BaseException) -> ExtensionError:
    if isinstance(error, OSError):
        return ExtensionError(f"plugin {name!r} cannot be read: {error.strerror}")
    reason: object = error
    location = _last_plugin_line(error)
    if isinstance(error, SyntaxError) and Path(error.filename or "").is_file():
        reason, location = error.msg, _line(error.lineno, str(error.filename))
    words = printable(f"{type(error).__name__}: {reason}")
    return ExtensionError(f"plugin {name!r} cannot be loaded: {words}{location}")


def _last_plugin_line(error: BaseException) -> str:
    """Return the last line that ran in the plugin's own folder."""
    # Our own frames come first, then those of the import system, and then the plugin's.
    frames = dropwhile(
        lambda frame: not frame.filename.startswith("<frozen importlib"),
        extract_tb(error.__traceback__),
    )
    outside = [frame for frame in frames if not frame.filename.startswith("<")]
    if not outside:
        return ""
    folder = Path(outside[0].filename).parent
    last = [frame for frame in outside if Path(frame.filename).is_relative_to(folder)][-1]
    return _line(last.lineno, last.filename)


def _line(number: int | None, file: str) -> str:
    return f" (line {number} of {Path(file).name})"
