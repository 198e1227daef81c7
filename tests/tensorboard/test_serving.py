import resource
import time
import urllib.request

import pytest
from hand_made import make_study, plan_of

from ura_study.results.folder import EVENTS
from ura_study.tensorboard.serving import FILES, serve
from ura_study.tensorboard.writer import TensorBoardWriter

FEW = 128


@pytest.fixture
def few_files():
    """Let this process open few files at a time, as many systems do."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_more_variants_than_open_files_are_allowed(tmp_path, few_files):
    rates = [round(0.003 + 0.00001 * i, 5) for i in range(2 * FEW)]
    study = make_study(ablations={"lr": {"sweep": {"training.lr": rates}}})
    TensorBoardWriter(tmp_path, study, plan_of(study), {}.get)
    address = serve(tmp_path / EVENTS, None)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(few_files, FILES)
    for _ in range(600):
        with urllib.request.urlopen(f"{address}data/plugin/text/tags", timeout=60) as answer:
            if answer.read().count(b'"settings"') == 2 * FEW + 1:
                return
        time.sleep(0.05)
    pytest.fail("not all variants are shown")
