"""Files for clusters: Slurm's script is run with stand-ins for Slurm's commands, the others are checked."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from datasets import write_category
from jobs import SETTINGS

from ura_study.commands.cluster import FILES, FOLDER
from ura_study.runs import store
from ura_study.study.study_file import dump_yaml

#: Does what it is asked for on this machine, whatever the node.
SRUN = """#!/bin/bash
while [[ "$1" == --* ]]; do shift; done
if [ "$1 $2" = "hostname --ip-address" ]; then echo 127.0.0.1; exit; fi
exec "$@"
"""
SCONTROL = """#!/bin/bash
if [ "$1" = show ]; then echo node1; else echo "$@" >> "$SCONTROL_LOG"; fi
"""


@pytest.mark.parametrize("kind", FILES)
def test_each_is_printed_and_written(call, tmp_path, kind):
    code, out, _ = call("cluster", kind)
    assert (code, out) == (0, (FOLDER / FILES[kind]).read_text())
    assert call("cluster", kind, "-o", tmp_path / "file")[0] == 0
    assert (tmp_path / "file").read_text() == out


def test_a_misspelt_kind_is_one_line(call):
    assert call("cluster", "slrum")[::2] == (
        2,
        "ura-study: expected one of slurm, kuberay, ray-up, docker, but got 'slrum'; did you mean 'slurm'?\n",
    )


def test_slurms_script_is_bash():
    subprocess.run(["bash", "-n", FOLDER / "slurm.sh"], check=True)


def test_kuberays_job_has_what_the_resource_asks_for():
    job = yaml.safe_load((FOLDER / "kuberay.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    spec = job["spec"]["rayClusterSpec"]
    (workers,) = spec["workerGroupSpecs"]
    assert workers["minReplicas"] <= workers["replicas"] <= workers["maxReplicas"]
    for group in (spec["headGroupSpec"], workers):
        pod = group["template"]["spec"]
        (container,) = pod["containers"]
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
        assert container["resources"]["requests"] == container["resources"]["limits"]
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())


def test_ray_ups_file_has_what_ray_asks_for():
    import json

    import jsonschema
    from ray.autoscaler import _private

    schema = json.loads((Path(_private.__file__).parent.parent / "ray-schema.json").read_text())
    jsonschema.validate(yaml.safe_load((FOLDER / "ray-up.yaml").read_text()), schema)


def test_the_images_instructions_are_docker_s():
    lines = re.sub(r"\\\\\n", " ", (FOLDER / "Dockerfile").read_text()).splitlines()
    words = [line.split()[0] for line in lines if line and not line.startswith("#")]
    assert set(words) <= {"FROM", "RUN", "COPY", "ENV", "VOLUME", "USER", "WORKDIR", "ENTRYPOINT"}
    assert words[0] == "FROM"


@pytest.fixture
def batch(tmp_path):
    """Start Slurm's script on a small study, with stand-ins; return the process."""
    (tmp_path / "bin").mkdir()
    for name, text in (("srun", SRUN), ("scontrol", SCONTROL)):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    root = write_category(tmp_path / "data", "nut").parent
    study = {"study": "small", "data": {"layout": "mvtec_ad", "root": str(root), "image_size": 64}, "base": SETTINGS}
    (tmp_path / "study.yaml").write_text(dump_yaml(study | {"seeds": list(range(80))}))
    path = os.pathsep.join([str(tmp_path / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    slurm = {"SLURM_JOB_NODELIST": "node1", "SLURM_JOB_ID": str(os.getpid()), "SLURM_JOB_NUM_NODES": "1"}
    slurm |= {"SLURM_CPUS_PER_TASK": "2", "USER": "me", "SCONTROL_LOG": str(tmp_path / "scontrol.log")}
    environment = os.environ | slurm | {"PATH": path, "RAY_START_SECONDS": "6"}
    process = subprocess.Popen(
        ["bash", FOLDER / "slurm.sh", "study.yaml"],
        cwd=tmp_path,
        env=environment,
        stdout=(tmp_path / "log").open("w"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    yield process
    os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.slow
def test_slurms_script_runs_a_study_and_queues_it_again_when_its_time_is_up(batch, tmp_path):
    records = tmp_path / "results/small" / store.FILE
    for _ in range(120):
        if records.exists() and records.read_text().count("\n") >= 2:
            break
        assert batch.poll() is None, (tmp_path / "log").read_text()
        time.sleep(1)
    batch.send_signal(signal.SIGTERM)
    assert batch.wait(timeout=60) == 130, (tmp_path / "log").read_text()
    assert 2 <= len(store.read(tmp_path / "results/small")) < 80
    assert (tmp_path / "scontrol.log").read_text() == f"requeue {os.getpid()}\n"
    assert "the same command continues" in (tmp_path / "log").read_text()
