import pytest
from pydantic import ValidationError

from ura_study.training.config import TrainingSettings


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"lr": 0.0}, {"lr": "fast"}, {"warmup": 1.1}, {"clip": 0.0}, {"epochs": 3}, {"steps": 1.5}]
)
def test_rejections(wrong):
    with pytest.raises(ValidationError):
        TrainingSettings.model_validate(wrong)
