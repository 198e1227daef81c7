import numpy as np
import pytest
import skimage.data
import timm
import torch
from PIL import Image

from ura_study.errors import ConfigError
from ura_study.features import weights
from ura_study.features.backbone import Backbone
from ura_study.features.catalogue import backbone_info, check_layers
from ura_study.features.config import FeatureSettings


@pytest.mark.parametrize(
    ("photograph", "classes"),
    [("chelsea", {281, 282, 285}), ("coffee", {504, 967, 968}), ("rocket", {657, 744, 812})],
)
def test_packaged_weights_recognise_photographs(photograph, classes):
    """The ImageNet classes: cats 281–285; coffee mug, espresso, cup; missile, projectile, space shuttle."""
    network = timm.create_model(weights.PACKAGED).eval()
    network.load_state_dict(weights.packaged_state(network.state_dict()))
    image = Image.fromarray(getattr(skimage.data, photograph)()).resize((256, 256))
    pixels = torch.from_numpy(np.asarray(image)).permute(2, 0, 1)[None].float()
    with torch.no_grad():
        top = network((pixels - weights.MEAN[0]) / weights.STD[0]).argmax().item()
    assert top in classes
