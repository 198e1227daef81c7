import functools
import io
import math

import pytest
import torch

from ura_study.detectors.base import Detector, Scores
from ura_study.detectors.build import build_detector
from ura_study.detectors.simplenet.config import SimpleNetSettings
from ura_study.detectors.uranet.config import URANetSettings
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import UNREAD, NonFiniteLoss, descend, fit, prepare
from ura_study.training.order import Shuffled
from ura_study.training.schedule import learning_rate

CPU = torch.device("cpu")
SMALL = URANetSettings.model_validate({"perception": {"width": 8}, "restoration": {"width": 8, "prototypes": 16}})


class Line(Detector):
    """One weight, pulled to 1; its loss is NaN from the progress `breaks` on."""

    def __init__(self, breaks=math.inf):
        super().__init__()
        self.weight, self.breaks, self.progress = torch.nn.Parameter(torch.zeros(1)), breaks, []

    def prepare(self, train, generator):
        with torch.no_grad():
            self.weight.zero_()

    def losses(self, batch, progress, generator):
        self.progress.append(progress)
        pull = (self.weight - 1).square().sum()
        return {"total": pull * (math.nan if progress >= self.breaks else 1), "pull": pull}

    def score(self, batch, known=None):
        return Scores(batch.features.mean(dim=1))


class Memory(Line):
    """A detector that is done after `prepare`."""

    trains_by_gradient = False


def test_intervals_cover_all_steps(train):
    line = Line()
    intervals = list(fit(line, train, TrainingSettings(steps=25, reports=4, lr=0.1), 0, CPU))
    assert [i.step for i in intervals] == [6, 12, 19, 25]
    assert [set(i.losses) for i in intervals] == [{"total", "pull"}] * 4
    assert intervals[-1].losses["pull"] < intervals[0].losses["pull"]
    assert (line.progress[0], line.progress[-1], len(line.progress)) == (0, 1, 25)


def test_epochs_say_how_often_each_image_is_seen(train):
    intervals = list(fit(Line(), train, TrainingSettings(steps=1, epochs=2, batch_size=4, reports=2), 0, CPU))
    assert [interval.step for interval in intervals] == [2, 5]  # 10 images, twice, in batches of 4
    assert [interval.share for interval in intervals] == [0.4, 1.0]


def test_a_loss_is_the_mean_over_its_interval(train):
    """With a learning rate of almost nothing the loss stays at (0 − 1)² = 1."""
    interval, *_ = fit(Line(), train, TrainingSettings(steps=6, reports=1, lr=1e-12), 0, CPU)
    assert interval.losses["pull"] == pytest.approx(1)


def test_more_reports_than_steps_report_every_step(train):
    assert [i.step for i in fit(Line(), train, TrainingSettings(steps=3, reports=50), 0, CPU)] == [1, 2, 3]


def test_a_detector_without_losses_is_only_prepared(train):
    assert list(fit(Memory(), train, TrainingSettings(), 0, CPU)) == []


def test_a_loss_that_is_not_finite_stops_the_fit(train):
    intervals = fit(Line(breaks=0.5), train, TrainingSettings(steps=11, reports=11), 0, CPU)
    with pytest.raises(NonFiniteLoss, match=r"must be finite, but at step 6 \(learning rate .*\) total = nan$"):
        list(intervals)


SETTINGS = {
    "uranet": SMALL,
    "one head": URANetSettings.model_validate({"perception": {"width": 8, "heads": 1}, "restoration": False}),
    "no perception": URANetSettings.model_validate({"perception": False, "restoration": {"width": 8, "depth": 2}}),
    "running statistics": SimpleNetSettings(hidden=8, tokens=20),
}


@pytest.mark.parametrize("model", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("cut", [1, 4, 5, 12])
def test_a_continued_fit_ends_with_the_weights_of_an_undisturbed_one(train, model, cut):
    """Cut after the first step, within an interval, at its end, and before the last step but one."""
    settings = TrainingSettings(steps=14, reports=3, batch_size=3, accumulate=2)
    build = functools.partial(build_detector, model, train.channels, train.map_size)
    whole, states = build(), {}

    def keep(state):
        file = io.BytesIO()
        torch.save(state(), file)
        states[len(states) + 1] = file.getvalue()

    prepare(whole, train, 3, CPU)
    undisturbed = list(descend(whole, train, settings, 3, CPU, keep=keep))
    state = torch.load(io.BytesIO(states[cut]), weights_only=True)
    continued = build()
    prepare(continued, train, 3, CPU)
    intervals = list(descend(continued, train, settings, 3, CPU, state))
    assert [(i.step, i.losses, i.lr) for i in intervals] == [
        (i.step, i.losses, i.lr) for i in undisturbed if i.step > cut
    ]
    assert all(i.seconds > 0 for i in intervals)
    expected = whole.state_dict()
    assert continued.state_dict().keys() == expected.keys()
    assert all(torch.equal(value, expected[name]) for name, value in continued.state_dict().items())


@pytest.mark.parametrize("settings", [{"accumulate": 3}, {"precision": "float16"}, {"reports": 1}])
def test_the_first_bad_step_is_named_though_losses_are_read_later(train, settings):
    """1,000 steps of one interval or of ten; from step 451 on everything is NaN."""
    line = Line(breaks=450 / 999)
    intervals, seen = fit(line, train, TrainingSettings(steps=1000, **settings), 0, CPU), []
    with pytest.raises(NonFiniteLoss, match=r"but at step 451 \(learning rate [^)]+\) total = nan$"):
        seen.extend(intervals)
    assert all(interval.step <= 450 for interval in seen)
    assert 450 < len(line.progress) / settings.get("accumulate", 1) <= 451 + UNREAD


def test_all_bad_terms_are_named_with_their_values(train):
    class Split(Line):
        def losses(self, batch, progress, generator):
            pull = super().losses(batch, progress, generator)["pull"]
            return {"total": pull * math.nan, "pull": pull, "up": pull + math.inf, "down": pull - math.inf}

    with pytest.raises(NonFiniteLoss, match=r"at step 1 .* total = nan, up = inf, down = -inf$"):
        list(fit(Split(), train, TrainingSettings(steps=3), 0, CPU))


def test_a_bad_loss_is_told_before_the_error_that_it_leads_to(train):
    class Fussy(Line):
        def losses(self, batch, progress, generator):
            if self.weight.isnan():
                raise ValueError("the weight must be a number")
            return super().losses(batch, progress, generator)

    with pytest.raises(NonFiniteLoss, match="at step 6 "):
        list(fit(Fussy(breaks=0.5), train, TrainingSettings(steps=11, reports=1), 0, CPU))


def test_an_error_of_a_detector_whose_losses_are_finite_stays_its_own(train):
    class Broken(Line):
        def losses(self, batch, progress, generator):
            if progress >= self.breaks:
                raise ValueError("out of tokens")
            return super().losses(batch, progress, generator)

    with pytest.raises(ValueError, match="out of tokens"):
        list(fit(Broken(breaks=0.5), train, TrainingSettings(steps=11, reports=1), 0, CPU))


def test_no_state_is_kept_that_is_past_a_bad_loss(train):
    kept, settings = [], TrainingSettings(steps=11, reports=1)
    with pytest.raises(NonFiniteLoss, match="at step 6 "):
        list(descend(Line(breaks=0.5), train, settings, 0, CPU, keep=lambda state: kept.append(state())))
    assert [state["steps"] for state in kept] == [1, 2, 3, 4, 5]


def test_every_image_comes_once_before_any_comes_again(generator):
    stream = Shuffled(10, 4, generator)
    first = [index for _ in range(5) for index in next(stream)]
    assert sorted(first) == sorted([*range(10), *range(10)])


def test_a_batch_may_be_larger_than_the_set(generator):
    assert len(next(Shuffled(3, 8, generator))) == 8


def test_learning_rate_by_hand():
    settings = TrainingSettings(steps=12, lr=1.0, warmup=0.25, final_lr=0.1)
    rates = [learning_rate(step, settings) for step in range(12)]
    assert rates[:4] == pytest.approx([1 / 3, 2 / 3, 1, 1])
    assert rates[7] == pytest.approx(0.55)
    assert rates[11] == pytest.approx(0.1)
    assert rates[3:] == sorted(rates[3:], reverse=True)


@pytest.mark.parametrize("warmup", [0.0, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_learning_rate_is_positive_and_bounded(steps, warmup):
    settings = TrainingSettings(steps=steps, warmup=warmup, lr=0.3)
    assert all(0 < learning_rate(step, settings) <= 0.3 + 1e-12 for step in range(steps))


def test_a_fit_repeats_exactly_and_leaves_the_global_generator_alone(train):
    def run(seed):
        detector = build_detector(SMALL, train.channels, train.map_size)
        records = list(fit(detector, train, TrainingSettings(steps=4, reports=2), seed, CPU))
        return [r.losses for r in records], detector.state_dict()

    before = torch.get_rng_state()
    (losses, weights), (same_losses, same_weights), (other_losses, _) = run(0), run(0), run(1)
    assert torch.equal(torch.get_rng_state(), before)
    assert losses == same_losses
    assert losses != other_losses
    assert all(torch.equal(weights[name], same_weights[name]) for name in weights)


def trained(train, **settings):
    """Return the losses of a short training of a small URA-Net."""
    detector = build_detector(SMALL, train.channels, train.map_size)
    settings = TrainingSettings(**{"steps": 6, "reports": 3, "batch_size": 4} | settings)
    return [interval.losses["total"] for interval in fit(detector, train, settings, 0, CPU)]


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_lower_precision_trains_about_the_same(train, precision):
    low, full = trained(train, precision=precision), trained(train)
    assert low == pytest.approx(full, rel=0.05)
    assert low != full


def test_accumulated_gradients_are_those_of_one_batch(train):
    """Two batches of 5, without a draw in between, take the step of one batch of 10."""

    class Mean(Line):
        def losses(self, batch, progress, generator):
            return {"total": (batch.features.mean(dim=(1, 2, 3)) - self.weight).square().mean()}

    weights = []
    for batch_size, accumulate in ((10, 1), (5, 2)):
        detector = Mean()
        settings = TrainingSettings(steps=3, batch_size=batch_size, accumulate=accumulate, lr=0.1)
        list(fit(detector, train, settings, 0, CPU))
        weights.append(detector.weight.detach())
    torch.testing.assert_close(weights[1], weights[0])
    assert weights[0].abs() > 0


@pytest.mark.slow
def test_compiled_parts_compute_the_same(train):
    assert trained(train, compile=True) == pytest.approx(trained(train), rel=1e-4)


def test_groups_of_parameters_have_learning_rates_of_their_own(train):
    class Two(Line):
        def __init__(self):
            super().__init__()
            self.slow = torch.nn.Parameter(torch.zeros(1))

        def parameter_groups(self):
            return [{"params": [self.weight]}, {"params": [self.slow], "lr_factor": 0.1}]

        def losses(self, batch, progress, generator):
            return {"total": -(self.weight + self.slow).sum()}

    detector = Two()
    settings = TrainingSettings(steps=5, lr=0.1, warmup=0, final_lr=1, weight_decay=0)
    (*_, last) = fit(detector, train, settings, 0, CPU)
    assert last.lr == pytest.approx(0.1)
    assert detector.weight.item() == pytest.approx(0.5, rel=1e-3)
    assert detector.slow.item() == pytest.approx(0.05, rel=1e-3)
