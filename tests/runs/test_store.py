import json
import os
import signal
import subprocess
import sys
import time

import pytest
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of
from hypothesis import given, settings
from hypothesis import strategies as st

from ura_study.errors import DataError, ResourceError
from ura_study.metrics.names import METRICS
from ura_study.runs import store
from ura_study.runs.record import Failure, Record

STUDY = make_study(ablations=ABLATIONS, seeds=[0, 1])
PLAN = plan_of(STUDY)
FULL = job_of(STUDY, PLAN, "full")
OTHER = job_of(STUDY, PLAN, "w/o restoration")

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.dictionaries(TEXTS, st.none() | NUMBERS | TEXTS | st.lists(st.integers()), max_size=3)
RECORDS = st.builds(
    Record,
    run_id=st.sampled_from("abc"),
    status=st.sampled_from(["done", "failed"]),
    study=TEXTS,
    variant=TEXTS,
    category=TEXTS,
    seed=st.integers(0),
    settings=NAMES,
    data=NAMES,
    evaluation=NAMES,
    metrics=st.dictionaries(st.sampled_from(METRICS), st.none() | NUMBERS),
    undefined=st.dictionaries(TEXTS, TEXTS, max_size=2),
    losses=st.dictionaries(TEXTS, NUMBERS, max_size=2),
    parameters=st.none() | st.integers(0, 2**60),
    timings=st.dictionaries(TEXTS, NUMBERS, max_size=2),
    failure=st.none() | st.builds(Failure, kind=TEXTS, message=st.text(), expected=st.booleans(), traceback=st.text()),
    provenance=NAMES,
    finished=TEXTS,
    reused_from=st.none() | TEXTS,
)


def latest(records):
    """What reading must give, said in another way: the last that is done, else the last."""
    by_id = {record.run_id: [r for r in records if r.run_id == record.run_id] for record in records}
    return {i: ([r for r in found if r.done] or found)[-1] for i, found in by_id.items()}


@settings(max_examples=25, deadline=None)
@given(st.lists(RECORDS, max_size=5))
def test_what_is_appended_is_read(tmp_path_factory, records):
    folder = tmp_path_factory.mktemp("study")
    for record in records:
        store.append(folder, record)
    assert store.read(folder) == latest(records)


def test_no_file_no_records(tmp_path):
    assert store.read(tmp_path) == {}
    (tmp_path / store.FILE).touch()
    assert store.read(tmp_path) == {}


def test_each_record_is_one_line(tmp_path):
    store.append(tmp_path, failed(FULL, "two\nlines"))
    store.append(tmp_path, done(OTHER))
    lines = (tmp_path / store.FILE).read_text().splitlines()
    assert [json.loads(line)["run_id"] for line in lines] == [FULL.run_id, OTHER.run_id]


def test_done_outlasts_failed(tmp_path):
    for record in (failed(FULL), done(FULL, 0.1), failed(FULL)):
        store.append(tmp_path, record)
    assert store.read(tmp_path)[FULL.run_id].metrics["image_ap"] == 0.1


def test_later_supersedes_earlier(tmp_path):
    for record in (done(FULL, 0.1), done(FULL, 0.2), failed(OTHER, "first"), failed(OTHER, "second")):
        store.append(tmp_path, record)
    found = store.read(tmp_path)
    assert found[FULL.run_id].metrics["image_ap"] == 0.2
    assert found[OTHER.run_id].failure.message == "second"


def test_a_torn_last_line_is_passed_over_wherever_it_was_torn(tmp_path):
    first, second = done(FULL), failed(OTHER, "Kratzer ä 😀")
    store.append(tmp_path, first)
    whole = (tmp_path / store.FILE).read_bytes()
    torn = second.model_dump_json().encode()
    beginning_of_message = torn.index(b"Kratzer")
    for length in (*range(0, len(torn), 13), *range(beginning_of_message, beginning_of_message + 20), len(torn) - 1):
        (tmp_path / store.FILE).write_bytes(whole + torn[:length])
        assert store.read(tmp_path) == {FULL.run_id: first}


@pytest.mark.parametrize("tail", [b"", b"\0" * 100])
def test_the_next_append_sets_a_torn_line_apart(tmp_path, tail):
    for record in (done(FULL), done(OTHER, 0.1)):
        store.append(tmp_path, record)
    path = tmp_path / store.FILE
    path.write_bytes(path.read_bytes()[:-50] + tail)
    store.append(tmp_path, done(OTHER, 0.2))
    found = store.read(tmp_path)
    assert set(found) == {FULL.run_id, OTHER.run_id}
    assert found[OTHER.run_id].metrics["image_ap"] == 0.2
    assert path.read_bytes().count(b"\n") == 3


def test_a_line_that_lacks_only_its_end_counts(tmp_path):
    store.append(tmp_path, done(FULL))
    path = tmp_path / store.FILE
    path.write_bytes(path.read_bytes()[:-1])
    store.append(tmp_path, done(OTHER))
    assert set(store.read(tmp_path)) == {FULL.run_id, OTHER.run_id}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("hello", "Invalid JSON: expected value at line 1 column 1"),
        ('{"run_id": }', "Invalid JSON: expected value at line 1 column 12"),
        ("[]", "Input should be an object"),
        ('{"run_id": "x"}', "status: Field required"),
        ("{} {}", "Invalid JSON: trailing characters at line 1 column 4"),
    ],
)
def test_a_line_that_is_no_record_is_passed_over_with_a_word(tmp_path, line, reason):
    store.append(tmp_path, done(FULL))
    path = tmp_path / store.FILE
    path.write_text(f"{path.read_text()}\n{line}\n{done(OTHER).model_dump_json()}\n")
    before, said = path.read_bytes(), []
    assert set(store.read(tmp_path, said.append)) == {FULL.run_id, OTHER.run_id}
    told = f"{path}, line 3: not a record ({reason})"
    assert said == [f"{told}; passed over, and `ura-study run` sets it aside"]
    assert [path.read_bytes(), *tmp_path.iterdir()] == [before, path]


def test_lines_that_are_no_records_are_set_aside_and_the_others_stay(tmp_path):
    path, aside = tmp_path / store.FILE, tmp_path / store.DAMAGED
    first, second = (done(job).model_dump_json().encode() + b"\n" for job in (FULL, OTHER))
    path.write_bytes(first + b"\xff\xfe\n" + second + b"hello")
    said = []
    store.set_aside(tmp_path, said.append)
    (line,) = said
    assert line.startswith(f"{path}, line 2: not a record (Invalid JSON: ")
    assert line.endswith(", the first of 2 such; set aside in runs.damaged.jsonl: what it recorded counts as not done")
    assert (path.read_bytes(), aside.read_bytes()) == (first + second, b"\xff\xfe\nhello\n")
    store.set_aside(tmp_path, said.append)
    assert set(store.read(tmp_path, said.append)) == {FULL.run_id, OTHER.run_id}
    assert len(said) == 1
    path.write_bytes(path.read_bytes() + b"[]\n")
    store.set_aside(tmp_path, said.append)
    assert aside.read_bytes() == b"\xff\xfe\nhello\n[]\n"


def test_nothing_is_lost_where_what_is_set_aside_cannot_be_written(tmp_path):
    path = tmp_path / store.FILE
    path.write_text("hello\n")
    (tmp_path / store.DAMAGED).symlink_to("/dev/full")
    with pytest.raises(ResourceError, match=r"runs.damaged.jsonl: no disk space left"):
        store.set_aside(tmp_path)
    assert path.read_text() == "hello\n"


def test_a_file_that_cannot_be_read_is_one_line(tmp_path):
    (tmp_path / store.FILE).mkdir()
    with pytest.raises(DataError) as caught:
        store.read(tmp_path)
    assert str(caught.value) == f"{tmp_path / store.FILE}: cannot be read (Is a directory)"


def test_records_of_later_versions_can_be_read(tmp_path):
    line = done(FULL).model_dump(mode="json") | {"new": 1}
    (tmp_path / store.FILE).write_text(json.dumps(line) + "\r\n")
    assert store.read(tmp_path) == {FULL.run_id: Record.model_validate(line)}


def test_a_full_disk_is_the_users_to_mend(tmp_path):
    (tmp_path / store.FILE).symlink_to("/dev/full")
    with pytest.raises(ResourceError) as caught:
        store.append(tmp_path, done(FULL))
    assert str(caught.value) == f"{tmp_path / store.FILE}: no disk space left"


def test_finished_runs_of_other_studies(tmp_path):
    for name, records in {
        "b": [done(FULL, 0.2)],
        "a": [failed(FULL), done(OTHER, 0.1).model_copy(update={"reused_from": "first"})],
        "c": [done(FULL, 0.3)],
        "mine": [done(FULL, 0.4)],
    }.items():
        (tmp_path / name).mkdir()
        for record in records:
            store.append(tmp_path / name, record)
    found = store.library(tmp_path, "mine", pytest.fail)
    assert {i: (r.metrics["image_ap"], r.reused_from) for i, r in found.items()} == {
        FULL.run_id: (0.2, "b"),
        OTHER.run_id: (0.1, "first"),
    }
    ours = store.adopted(found[FULL.run_id], "mine", "my name for it")
    assert (ours.study, ours.variant, ours.reused_from) == ("mine", "my name for it", "b")
    assert ours.metrics == found[FULL.run_id].metrics


def test_what_is_broken_of_other_studies_is_passed_over_with_a_word(tmp_path):
    for name, text in (("a", '{"x": 1}\n' + done(FULL).model_dump_json()), ("b", done(OTHER).model_dump_json())):
        (tmp_path / name).mkdir()
        (tmp_path / name / store.FILE).write_text(text)
    (tmp_path / "c" / store.FILE).mkdir(parents=True)
    said = []
    assert set(store.library(tmp_path, "mine", said.append)) == {FULL.run_id, OTHER.run_id}
    assert len(said) == 2
    assert said[0].startswith(f"{tmp_path}/a/runs.jsonl, line 1: ")
    assert said[1].startswith(f"not reused: {tmp_path}/c/runs.jsonl: cannot be read")


def test_no_other_study(tmp_path):
    assert store.library(tmp_path / "nowhere", "mine", pytest.fail) == {}


APPENDING = """
import sys
from pathlib import Path
from ura_study.runs import store
folder = Path(sys.argv[1])
(record,) = store.read(folder).values()
print("ready", flush=True)
for number in range(10**9):
    store.append(folder, record.model_copy(update={"run_id": str(number), "finished": "x" * 20_000}))
"""


def test_a_killed_driver_leaves_a_file_that_can_be_read(tmp_path):
    store.append(tmp_path, done(FULL))
    for _ in range(2):
        driver = subprocess.Popen([sys.executable, "-c", APPENDING, str(tmp_path)], stdout=subprocess.PIPE)
        assert driver.stdout.readline() == b"ready\n"
        while (tmp_path / store.FILE).stat().st_size < 200_000:
            time.sleep(0.001)
        os.kill(driver.pid, signal.SIGKILL)
        assert driver.wait() == -signal.SIGKILL
        driver.stdout.close()
        found = store.read(tmp_path)
        assert len(found) > 1
        store.append(tmp_path, done(OTHER))
        assert set(store.read(tmp_path)) == set(found) | {OTHER.run_id}
        (tmp_path / store.FILE).unlink()
        store.append(tmp_path, done(FULL))
