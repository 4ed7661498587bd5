"""pytest wiring: options, one item for every (case, clause), and the run file."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import pytest

from conformance.errors import ConformanceError
from conformance.parsing import printable
from conformance.providers import load_provider
from conformance.runner.engine import ProviderUnreachableError
from conformance.runner.journal import SpoolError
from conformance.runner.output_path import (
    check_output,
    claimed,
    folder_of,
    holds_answers,
    named_after,
)
from conformance.runner.preflight import check_addresses
from conformance.runner.session import Options, Session
from conformance.suite.import_path import start_workers_safely
from conformance.suite.items import (
    STOPPED_BY,
    PromiseItem,
    ProvidersModule,
    expect,
    follow_each_other,
)
from conformance.suite.options import options_of
from conformance.suite.options import pytest_addoption as pytest_addoption
from conformance.suite.recorder import Recorder
from conformance.suite.signals import Stopping, follow, gateway_of, parent_of

PROMISES = Path(__file__).with_name("suite") / "test_promises.py"
GENERATED = Path(__file__).with_name("suite") / "test_generated.py"
DRAWN = Path(__file__).with_name("suite") / "test_drawn.py"
NOT_EXPLORED = (
    "generated requests are only sent with --live, without --cases, and to providers that are "
    "embedded; --explore sends them to the others as well, and those may cost money, and records "
    "them where there is a --record-mode"
)
SHARED = "conformance_shared"
SESSION = pytest.StashKey[Session]()
RECORDER = pytest.StashKey[Recorder]()


def shared_folder(config: pytest.Config, options: Options) -> Path | None:
    """Where the processes of this run share what they know; None where one process needs none.

    Beside the run file, where `--resume` finds it, else in a temporary folder.
    """
    if hasattr(config, "workerinput"):
        told = config.workerinput.get(SHARED)
        return Path(told) if told else None
    several = getattr(config.option, "dist", "no") != "no"
    if options.mode == "replay" or not (several or options.resume or is_billed(options)):
        return None
    run_file = config.getoption("--run-file")
    return folder_of(Path(run_file)) if run_file else Path(mkdtemp(prefix="image-conformance-"))


def is_billed(options: Options) -> bool:
    """Whether any provider bills, so that nothing that was paid for may be lost."""
    named = [load_provider(each) for each in options.providers]
    return not named or any(not each.prices.free for each in named)


@pytest.hookimpl(tryfirst=True)  # before hypothesis loads the profile that was named
def pytest_configure(config: pytest.Config) -> None:
    """Keep one exchange on one worker, and write the run file where the reports arrive."""
    if config.getoption("--hypothesis-profile", None):
        from conformance.generated.search import register_profiles

        register_profiles()
    start_workers_safely()
    config.pluginmanager.register(_Workers(), "conformance-workers")
    if hasattr(config, "workerinput"):
        _follow(config)
    else:
        config.pluginmanager.register(Stopping(lambda: _ledger(config)), "conformance-stopping")
        config.stash[RECORDER] = Recorder(config, lambda: session_of(config))
        config.pluginmanager.register(config.stash[RECORDER], "conformance-recorder")


def _follow(config: pytest.Config) -> None:
    if config.workerinput.get(SHARED):  # type: ignore[attr-defined]
        limits = options_of(config).limits
        longest = limits.total_seconds + limits.images_seconds
        follow(gateway_of(config), longest)


def _ledger(config: pytest.Config) -> Path | None:
    """Where the ledger is that stops a run; None for one that sends nothing or shares none."""
    shared = session_of(config).options.shared if sends(config) else None
    return shared / "ledger.sqlite" if shared is not None else None


class _Workers:
    """Tells the workers of pytest-xdist where they share what they know, and deals items out."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Keep together what shares an exchange."""
        from conformance.suite.xdist import LiveScheduling, TogetherScheduling

        alive = options_of(config).mode == "live"
        return (LiveScheduling if alive else TogetherScheduling)(config, log)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Called for each worker before it starts."""
        node.workerinput[SHARED] = str(session_of(node.config).options.shared or "")


@pytest.hookimpl(tryfirst=True)  # before the workers of pytest-xdist are started
def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse what may cost more than was allowed, before anything is sent."""
    config = session.config
    if hasattr(config, "workerinput"):
        return
    _name_mistakes(config)
    if config.option.collectonly:
        return
    try:
        _keep_what_is_paid(config)
        _check_output(config)
        if not sends(config):
            return
        session_of(config).check_affordable()
        config.stash[RECORDER].open()  # so that what is paid for can be gone on with
        session_of(config).prepare()
        if config.getoption("--live") and _judges_all(config):
            check_addresses(session_of(config))
    except ConformanceError as error:
        _leave_nothing(config)
        raise pytest.UsageError(printable(str(error), 2000)) from None


def _name_mistakes(config: pytest.Config) -> None:
    """Name a mistake once, with exit code 4: while collecting it is 2, and 1 with `-n`."""
    if _is_named(config, PROMISES):
        try:
            session_of(config).engines  # noqa: B018 - they are kept, for what is collected
        except ConformanceError as error:
            raise pytest.UsageError(printable(str(error), 2000)) from None


def _keep_what_is_paid(config: pytest.Config) -> None:
    """Give a run that is billed a run file, if it has none: what was paid is never lost."""
    options = options_of(config)
    if sends(config) and not config.getoption("--run-file") and is_billed(options):
        held = ExitStack()
        place = claimed(None, named_after(options.providers))
        config.option.run_file = str(held.enter_context(place))
        config.add_cleanup(held.close)


def _leave_nothing(config: pytest.Config) -> None:
    """Remove what was made ready for a run that did not begin, unless answers are in it."""
    path = Path(config.getoption("--run-file") or "")
    begun = path.is_file() and path.stat().st_size
    if path.name and not begun and not holds_answers(path):
        rmtree(folder_of(path), ignore_errors=True)


def _judges_all(config: pytest.Config) -> bool:
    """Whether every promise is judged that was selected by the suite's own options."""
    chosen = [config.getoption(each, None) for each in ("keyword", "markexpr", "lf", "deselect")]
    parts = any("::" in each for each in config.args)
    return not any(chosen) and not parts and _is_named(config, PROMISES)


def _is_named(config: pytest.Config, module: Path) -> bool:
    """Whether a module is among what is to be collected."""
    places = [config.invocation_params.dir / each.split("::")[0] for each in config.args]
    return any(module.is_relative_to(each.resolve()) for each in places)


def _check_output(config: pytest.Config) -> None:
    if config.getoption("--run-file"):
        check_output(Path(config.getoption("--run-file")), options_of(config))


def sends(config: pytest.Config) -> bool:
    """Whether this run may send requests to a provider."""
    asked = config.getoption("--live") or config.getoption("--record-mode", None)
    return bool(asked) and not config.option.collectonly and options_of(config).mode != "replay"


def session_of(config: pytest.Config) -> Session:
    """The session of this process, made when it is first needed."""
    if SESSION not in config.stash:
        options = options_of(config)
        config.stash[SESSION] = Session(
            replace(options, shared=shared_folder(config, options), parent=parent_of(config))
        )
    return config.stash[SESSION]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out generated requests where there is no provider that is free, or none recorded."""
    if collection_path == GENERATED:  # beside the promises, pytest asks about it all the same
        return None if _is_named(config, GENERATED) and _explored(config) else True
    if collection_path == DRAWN:
        return None if _recorded(config) else True
    return None


def _recorded(config: pytest.Config) -> bool:
    """Whether any drawn request was recorded that this run may replay."""
    if options_of(config).mode != "replay":
        return False
    try:
        return any(True for _ in session_of(config).recorded_models())
    except ConformanceError:
        return False  # the promises are collected as well, and say what is wrong


def _explored(config: pytest.Config) -> bool:
    options = options_of(config)
    if not options.live and (options.mode == "replay" or not config.getoption("--explore")):
        return False  # and hypothesis is not imported
    from conformance.generated.search import explored

    try:
        return bool(explored(session_of(config), config.getoption("--explore")))
    except ConformanceError as error:
        raise pytest.UsageError(printable(str(error), 2000)) from None


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Keep the collector of garbage out of the way: tens of thousands of items are none."""
    del session
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Pass to each engine what will be judged; let the images of the next case be decoded while one
    is judged, where the next is known: workers do not know it.
    """
    expect(session.items)
    if not hasattr(session.config, "workerinput") and options_of(session.config).mode == "replay":
        follow_each_other(session.items)


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Collector | None:
    """Collect the promises from the edition instead of from functions."""
    if module_path == GENERATED and not _explored(parent.config):  # it was named all the same
        raise pytest.UsageError(NOT_EXPLORED)
    if module_path != PROMISES:
        return None
    try:
        session = session_of(parent.config)
        session.engines  # noqa: B018 - a user's mistake is named here, before anything runs
    except ConformanceError as error:
        raise pytest.UsageError(printable(str(error), 2000)) from None
    return ProvidersModule.make(parent, module_path, session)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Report a promise in one phase: thousands of items share a few hundred exchanges."""
    if not isinstance(item, PromiseItem):
        return None
    hook = item.config.hook
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    try:
        report = item.report()
    except (ProviderUnreachableError, SpoolError) as error:
        if hasattr(item.config, "workeroutput"):
            item.config.workeroutput[STOPPED_BY] = str(error)
        pytest.exit(str(error), returncode=2)
    hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close connections, stop the embedded provider, and leave no run that judged nothing."""
    if SESSION in config.stash:
        config.stash[SESSION].close()
    if RECORDER in config.stash:
        config.stash[RECORDER].give_back()
