import subprocess
from pathlib import Path

import torch

from ura_study.runs import provenance as module
from ura_study.runs.provenance import provenance


def test_versions_machine_and_device():
    said = provenance(torch.device("cpu"))
    assert said["versions"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert (said["device"], said["threads"]) == ("cpu", torch.get_num_threads())
    assert said["host"]


def test_the_commit_of_somebody_elses_repository_is_not_ours(tmp_path, monkeypatch):
    for command in (
        ["init", "-q"],
        ["-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "--allow-empty", "-m", "x"],
    ):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    copy = tmp_path / "site-packages" / "provenance.py"
    copy.parent.mkdir()
    copy.write_text(Path(module.__file__).read_text())
    monkeypatch.setattr(module, "__file__", str(copy))
    assert module._commit() is None
