import pytest
from pydantic import ValidationError

from ura_study.training.config import TrainingSettings


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"lr": 0.0}, {"lr": "fast"}, {"warmup": 1.1}, {"clip": 0.0}, {"epochs": 0}, {"steps": 1.5}]
)
def test_rejections(wrong):
    with pytest.raises(ValidationError):
        TrainingSettings.model_validate(wrong)


def test_epochs_are_passes_over_the_images():
    settings = TrainingSettings(steps=7, epochs=3, batch_size=4, accumulate=2)
    assert [settings.for_images(count).steps for count in (1, 8, 10, 80)] == [1, 3, 4, 30]
    assert TrainingSettings(steps=7).for_images(80).steps == 7
