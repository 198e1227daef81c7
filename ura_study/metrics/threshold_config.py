"""The `evaluation.threshold` section: where an image's score begins to be an alarm."""

from __future__ import annotations

from pydantic import Field, model_validator

from ura_study.settings import Settings


class ThresholdSettings(Settings):
    """The threshold of image scores, from normal images that are held out (`data.validation` > 0): one of two rules."""

    sigma: float | None = Field(None, gt=0, le=100)
    """Mean plus this many standard deviations of their scores. Without a rule, 3: a quantile of 0.99 cannot be told
    from the highest score before there are 100 images."""
    quantile: float | None = Field(None, gt=0, le=1)
    """In place of `sigma`: this quantile of their scores, such as 0.99."""

    @model_validator(mode="before")
    @classmethod
    def _default(cls, given: object) -> object:
        return {"sigma": 3.0} if given == {} else given

    @model_validator(mode="after")
    def _one_rule(self) -> ThresholdSettings:
        if (self.sigma is None) == (self.quantile is None):
            raise ValueError("expected one of sigma and quantile")
        return self

    @property
    def said(self) -> str:
        """The rule in words, such as `mean + 3 standard deviations`."""
        if self.quantile is not None:
            return f"{self.quantile:g} quantile"
        return f"mean + {self.sigma:g} standard deviations"


THREE_SIGMA = ThresholdSettings(sigma=3.0)
