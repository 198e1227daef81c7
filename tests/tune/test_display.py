import io

import pytest
from hand_made import done, failed, job_of, make_study, plan_of
from rich.console import Console

from ura_study.tune import display as module
from ura_study.tune.display import LOG_INTERVAL, Display, duration
from ura_study.tune.progress import Progress

ABLATIONS = {
    "layers": {"sweep": {"features.layers": [[2, 3]]}},
    "backbones": {"sweep": {"features.backbone": ["[bold]x"]}},
}
STUDY = make_study(ablations=ABLATIONS, seeds=[0, 1])
PLAN = plan_of(STUDY, "[red]nut")

#: Updates of a run with default settings.


@pytest.fixture
def clock(monkeypatch):
    """The time in seconds, to be set by the test (rich has its own)."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def a_display(terminal=False, records=None):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120, color_system=None)
    return Display(Progress(PLAN, "image_auroc", records or {}, started=100.0), console), console


def job(variant="full", seed=0):
    return job_of(STUDY, PLAN, variant, "[red]nut", seed)


def lines(console):
    return console.file.getvalue().splitlines()


def halfway(display):
    display.started(job())
    display.progressed(job(), [{"share": 0.25}, {"share": 0.5}])


def test_log_lines_are_modest(clock):
    display, console = a_display()
    with display:
        halfway(display)
        assert lines(console) == []
        clock[0] += LOG_INTERVAL
        display.progressed(job(), [])
        display.progressed(job(), [{"share": 0.75}])
        assert lines(console) == ["0 of 6 runs (8 %), 1 running, 00:10 elapsed"]
        clock[0] += LOG_INTERVAL - 1
        display.finished(job(), done(job()))
        assert len(lines(console)) == 1
    assert len(lines(console)) == 1


def test_the_end_is_always_logged(clock):
    before = {j.run_id: done(j) for j in (job(v, s) for v in ("layers=[2, 3]", "backbone=[bold]x") for s in (0, 1))}
    display, console = a_display(records=before)
    with display:
        display.started(job(seed=0))
        clock[0] += 1
        display.finished(job(seed=0), done(job(seed=0)))
        display.finished(job(seed=1), done(job(seed=1)))
    assert lines(console) == ["6 of 6 runs (100 %), 0 running, 00:01 elapsed, 00:00 remaining"]


@pytest.mark.parametrize("terminal", [False, True])
def test_failures_are_told_at_once_and_literally(clock, terminal):
    display, console = a_display(terminal)
    with display:
        display.finished(job("layers=[2, 3]"), failed(job("layers=[2, 3]"), "bad [/image] " + "x" * 150))
    told = f"failed: layers=[2, 3] · [red]nut · seed 0: bad [/image] {'x' * 150}"
    assert told in console.file.getvalue()


def test_the_table_of_a_terminal(clock):
    display, _ = a_display(terminal=True)
    display.started(job())
    display.finished(job(), done(job(), 0.75))
    display.started(job(seed=1))
    display.progressed(job(seed=1), [{"share": 0.5}])
    display.finished(job("layers=[2, 3]"), failed(job("layers=[2, 3]")))
    clock[0] += 65
    text = Console(width=120, file=io.StringIO(), color_system=None)
    text.print(display.draw())
    bar, heading, full, layers, backbone = [line.split() for line in lines(text)]
    assert heading == ["variant", "done", "running", "failed", "image_auroc", "elapsed", "remaining"]
    assert full == ["full", "1/2", "1", "·", "75.0", "01:14", "00:04"]
    assert layers == ["layers=[2,", "3]", "0/2", "·", "1", "–", "00:00", "00:09"]
    assert backbone == ["backbone=[bold]x", "0/2", "·", "·", "–", "00:00", "00:18"]
    assert " ".join(bar[1:]) == "2 of 6 runs, 1 failed (42 %), 1 running, 01:05 elapsed, 00:32 remaining"


def test_a_terminal_is_redrawn_and_left_clean(clock):
    display, console = a_display(terminal=True)
    with display:
        halfway(display)
        clock[0] += 2 * LOG_INTERVAL
        display.progressed(job(), [])
        display._live.refresh()
    written = console.file.getvalue()
    assert "layers=[2, 3]" in written
    assert "backbone=[bold]x" in written
    assert written.endswith("\x1b[2K")  # the last line of the table is erased


def test_nothing_is_left_where_all_runs_of_a_variant_are_over(clock):
    display, _ = a_display(terminal=True)
    for seed in (0, 1):
        display.finished(job(seed=seed), done(job(seed=seed)) if seed else failed(job(seed=seed)))
    text = Console(width=120, file=io.StringIO(), color_system=None)
    text.print(display.draw())
    assert lines(text)[2].split() == ["full", "1/2", "·", "1", "50.0", "00:09", "00:00"]


def test_the_bar_stays_where_not_all_variants_fit(clock):
    display, _ = a_display(terminal=True)
    display._console.height = 7
    display.started(job("layers=[2, 3]"))
    text = Console(width=120, file=io.StringIO(), color_system=None)
    text.print(display.draw())
    bar, _, first, second, more = lines(text)
    assert "0 of 6 runs" in bar
    assert (first.split()[0], second.split()[0], more) == ("layers=[2,", "full", "… and 1 more variants")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0, "00:00"), (65.4, "01:05"), (3723, "1:02:03"), (36000, "10:00:00"), (90000, "1 day, 1:00:00")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_a_machine_without_the_gpu_that_was_asked_for_is_told_once():
    display, console = a_display()
    for seed in (0, 1):
        wanted = job(seed=seed).model_copy(update={"gpu": 0.5})
        record = done(wanted, 0.5).model_copy(update={"provenance": {"host": "box", "device": "cpu"}})
        display.finished(wanted, record)
    told = [line for line in lines(console) if "gpu 0.5 was asked for" in line]
    assert told == ["box: gpu 0.5 was asked for, but PyTorch finds none there: its runs use the processor"]


def test_failures_name_another_machine():
    display, console = a_display()
    lost = failed(job()).model_copy(update={"provenance": {"host": "gpu7"}})
    display.finished(job(), lost)
    assert any(line.startswith(f"failed: {lost.where} (on gpu7): ") for line in lines(console))
