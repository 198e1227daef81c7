"""How many runs machines hold, while they come and go."""

import pytest

from ura_study.errors import ConfigError
from ura_study.study.config import ResourceSettings
from ura_study.tune import machines as module
from ura_study.tune.machines import Machines


def node(cpu: int, gpu: int = 0, *, alive: bool = True, name: str = "") -> dict:
    resources = {"CPU": cpu} | ({"GPU": gpu} if gpu else {})
    return {"Alive": alive, "NodeID": name or f"{cpu} {gpu} {alive}", "Resources": resources}


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
    assert Machines(ResourceSettings(cpu=cpu, gpu=gpu), lambda: nodes).slots() == expected


def test_none_is_an_error_or_waited_for(capsys):
    machines = Machines(ResourceSettings(gpu=1), lambda: [node(2)])
    with pytest.raises(ConfigError, match="a run wants cpu 1 gpu 1, but the machines have cpu 2 gpu 0; --wait-for-"):
        machines.check(wait=False)
    machines.check(wait=True)
    assert "waiting for a machine that can hold a run (cpu 1 gpu 1)" in capsys.readouterr().err


def test_nodes_that_join_and_leave_are_seen(monkeypatch):
    now, nodes = [0.0], [node(1, name="a")]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    machines = Machines(ResourceSettings(), lambda: nodes)
    assert (machines.slots(), machines.usable()) == (1, ["a"])
    nodes.append(node(3, name="b"))
    assert machines.slots() == 1  # for a moment what was seen is believed
    now[0] += 10
    assert (machines.slots(), machines.usable()) == (4, ["a", "b"])
    nodes[0]["Alive"] = False
    now[0] += 10
    assert machines.usable() == ["b"]
