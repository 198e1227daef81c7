"""The lock of a study where its folder goes bad meanwhile."""

from __future__ import annotations

import pytest

from ura_study.errors import ResourceError
from ura_study.runs.lock import DRIVER, StudyLock


def test_a_folder_that_went_bad_does_not_hide_what_went_wrong(tmp_path):
    def work() -> None:
        with StudyLock(tmp_path):
            (tmp_path / DRIVER).unlink()
            (tmp_path / DRIVER / "what cannot be removed").mkdir(parents=True)
            raise ResourceError("no disk space left")

    with pytest.raises(ResourceError, match="no disk space left"):
        work()
    assert not StudyLock(tmp_path).held
