import pytest

from ura_study.config import ResourceSettings
from ura_study.errors import ConfigError
from ura_study.tune.driver import _slots


def node(cpu: int, gpu: int = 0, *, alive: bool = True) -> dict:
    return {"Alive": alive, "Resources": {"CPU": cpu} | ({"GPU": gpu} if gpu else {})}


@pytest.mark.parametrize(
    ("cpu", "gpu", "nodes", "expected"),
    [
        (1, 0, [node(2)], 2),
        (2, 0, [node(5), node(1)], 2),
        (1, 0.25, [node(8, 2)], 8),
        (1, 0.25, [node(6, 2)], 6),
        (1, 0.4, [node(8, 2)], 4),  # a share does not spread over two GPUs
        (1, 0.1, [node(64, 1)], 10),
        (4, 2, [node(16, 3), node(16, 4, alive=False)], 1),
    ],
)
def test_runs_at_once(cpu, gpu, nodes, expected):
    assert _slots(ResourceSettings(cpu=cpu, gpu=gpu), nodes) == expected


def test_none_is_an_error():
    with pytest.raises(ConfigError, match="a run wants cpu 1 gpu 1, but the machines have cpu 2 gpu 0"):
        _slots(ResourceSettings(gpu=1), [node(2)])
