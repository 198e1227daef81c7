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


def test_memory_and_resources_of_any_name_count():
    nodes = [node(16, name="a"), node(16, name="b"), node(16, name="c")]
    nodes[0]["Resources"] |= {"memory": 33e9, "scratch": 1}
    nodes[1]["Resources"] |= {"memory": 7e9, "scratch": 5}
    nodes[2]["Resources"] |= {"memory": 99e9}
    resources = ResourceSettings(cpu=2, memory=8, custom={"scratch": 0.5})
    machines = Machines(resources, lambda: nodes)
    assert (machines.slots(), machines.usable()) == (2, ["a"])
    assert machines.request(0.0) == {"CPU": 2, "memory": 8e9, "scratch": 0.5}
    nodes[0]["Alive"] = False
    with pytest.raises(ConfigError, match=r"wants cpu 2 gpu 0 memory 8 scratch 0.5, but .* memory 7 scratch 5, cpu 16"):
        Machines(resources, lambda: nodes).check(wait=False)


def test_without_a_gpu_automatic_shares_are_processors(capsys):
    machines = Machines(ResourceSettings(gpu="auto"), lambda: [node(4)])
    machines.check(wait=False)
    assert (machines.gpu, machines.slots()) == (0, 4)
    assert "no machine has a GPU, so runs use the processors" in capsys.readouterr().err
    waiting = Machines(ResourceSettings(gpu="auto"), lambda: [])
    waiting.check(wait=True)
    assert waiting.gpu == 1  # one may join


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
