"""Where a search is kept: a journal file in the study's folder, or any storage that Optuna has a URL for.

The caller holds the study's lock, so what a killed process left behind in the journal may be set right here.
"""

from __future__ import annotations

from pathlib import Path

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from ura_study.cache import writing
from ura_study.errors import DataError, ResourceError

JOURNAL = "optuna.journal"

optuna.logging.set_verbosity(optuna.logging.ERROR)


def open_storage(url: str | None, folder: Path) -> BaseStorage:
    """Return the storage at `url`, or the journal of the study's `folder`, which is begun where there is none.

    Raises:
        ResourceError: where it cannot be reached or written.
        DataError: where the journal is damaged.
    """
    return _journal(folder / JOURNAL) if url is None else _database(url)


def existing(url: str | None, folder: Path, name: str) -> optuna.Study | None:
    """Return the Optuna study `name` for reading; None where no search has begun. Somebody may be writing meanwhile."""
    if url is None and not (folder / JOURNAL).exists():
        return None
    storage = open_storage(url, folder) if url is not None else _read_journal(folder / JOURNAL)
    try:
        return optuna.load_study(study_name=name, storage=storage)
    except KeyError:
        return None


def mend(folder: Path) -> None:
    """Remove what a process that was killed while it wrote has left: a torn last line, and the journal's lock."""
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


def _read_journal(path: Path) -> BaseStorage:
    try:
        return JournalStorage(JournalFileBackend(str(path)))
    except (ValueError, KeyError) as error:  # a line that is no JSON, or no entry of a journal
        raise DataError(f"{path}: damaged; it must be Optuna's journal of this search ({error})") from error


def _database(url: str) -> BaseStorage:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return RDBStorage(url)
    except (SQLAlchemyError, ImportError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ResourceError(f"search.storage: {concealed(url)} cannot be used ({reason})") from error


def concealed(url: str) -> str:
    """Return a storage's URL without its password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return url
