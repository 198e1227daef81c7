"""Storage of a search: a journal file in the study's folder, or any storage with a URL that Optuna supports.

The caller of `open_storage` and `mend` holds the study's lock; `existing` needs no lock.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from ura_study.cache import writing
from ura_study.errors import DataError, ResourceError

JOURNAL = "optuna.journal"

optuna.logging.set_verbosity(optuna.logging.ERROR)


def open_storage(url: str | None, folder: Path) -> BaseStorage:
    """Return the storage at `url`, or with None the journal in the study's `folder`, which is created if missing.

    Raises:
        ResourceError: where the storage cannot be reached or written.
        DataError: where the journal is damaged.
    """
    return _journal(folder / JOURNAL) if url is None else _database(url)


def existing(url: str | None, folder: Path, name: str) -> optuna.Study | None:
    """Return the Optuna study `name` for reading; None if no search has begun. Another process may be writing to it.

    Raises:
        ResourceError: where the storage cannot be reached.
        DataError: where the journal is damaged.
    """
    if url is None and not (folder / JOURNAL).exists():
        return None
    storage = open_storage(url, folder) if url is not None else _read_journal(folder / JOURNAL)
    try:
        return optuna.load_study(study_name=name, storage=storage)
    except KeyError:
        return None


def mend(folder: Path) -> None:
    """Repair the journal after a process was killed while writing: remove an incomplete last line and the lock file.

    The caller holds the study's lock.

    Raises:
        ResourceError: where the journal cannot be written.
    """
    journal = folder / JOURNAL
    if not journal.exists():
        return
    with writing(journal):
        journal.with_name(f"{JOURNAL}.lock").unlink(missing_ok=True)
        content = journal.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            with journal.open("r+b") as file:
                file.truncate(whole)


def _journal(path: Path) -> BaseStorage:
    with writing(path):
        path.touch()
    return _read_journal(path)


class _Journal(JournalFileBackend):
    """Optuna's journal file, which tells in one line that it is gone or cannot be written, also in mid-search."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        self._check()
        yield from super().read_logs(log_number_from)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        self._check()  # Optuna would begin a new file that lacks what was before
        with writing(self._path):
            super().append_logs(logs)

    def _check(self) -> None:
        if not self._path.exists():
            raise ResourceError(f"{self._path}: the search's journal was removed while the search went on")


def _read_journal(path: Path) -> BaseStorage:
    try:
        return JournalStorage(_Journal(path))
    except (ValueError, KeyError) as error:  # a line that is not JSON or not a journal entry
        raise DataError(f"{path}: damaged; it must be Optuna's journal of this search ({error})") from error


def _database(url: str) -> BaseStorage:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return RDBStorage(url)
    except (SQLAlchemyError, ImportError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ResourceError(f"search.storage: {concealed(url)} cannot be used ({reason})") from error


def concealed(url: str) -> str:
    """Return the URL of a storage with `***` in place of its password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url
