import multiprocessing
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ura_study.data.layouts.mvtec_ad import read
from ura_study.data.preprocessing import Preprocessing
from ura_study.errors import DataError, ResourceError
from ura_study.features import cached
from ura_study.features.backbone import Backbone
from ura_study.features.cached import feature_maps
from ura_study.features.config import FeatureSettings

CPU = torch.device("cpu")


@pytest.fixture
def passes(monkeypatch):
    """Count the images that go through the backbone, and through which layers."""
    seen = []
    call = Backbone.__call__
    create = Backbone.__init__

    def counted_create(self, settings, layers, device):
        self.layers = layers
        create(self, settings, layers, device)

    def counted_call(self, images):
        seen.extend([self.layers] * len(images))
        return call(self, images)

    monkeypatch.setattr(Backbone, "__init__", counted_create)
    monkeypatch.setattr(Backbone, "__call__", counted_call)
    return seen


def extract(root, **settings):
    return feature_maps(read(root, "nut").train, FeatureSettings(**{"map_size": 8, **settings}), Preprocessing(64), CPU)


def test_maps_are_those_of_the_backbone(mvtec_root):
    maps = extract(mvtec_root, layers=(1, 2), precision="float32")
    backbone = Backbone(FeatureSettings(), (1, 2), CPU)
    images = np.stack([np.asarray(Image.open(s.path).convert("RGB")) for s in read(mvtec_root, "nut").train])
    for layer, expected in zip(maps.layers, backbone(images), strict=True):
        np.testing.assert_allclose(layer, expected, rtol=1e-4, atol=1e-4)


def test_maps_are_averaged_as_the_settings_say(mvtec_root):
    maps = extract(mvtec_root, neighbourhood=5, pooling="grid")
    assert (maps.map_size, maps.neighbourhood, maps.pooling) == (8, 5, "grid")


def test_another_variant_computes_no_backbone_pass(mvtec_root, passes):
    extract(mvtec_root, layers=(1, 2))
    assert passes == [(1, 2)] * 6
    extract(mvtec_root, layers=(1, 2))
    extract(mvtec_root, layers=(2,))
    extract(mvtec_root, layers=(1,), map_size=16, neighbourhood=1)
    extract(mvtec_root, layers=(1,), pooling="grid")
    assert len(passes) == 6


def test_a_new_layer_is_computed_alone(mvtec_root, passes):
    extract(mvtec_root, layers=(1,))
    del passes[:]
    extract(mvtec_root, layers=(1, 2, 3))
    assert passes == [(2, 3)] * 6


def test_a_crop_is_another_picture(mvtec_root, passes):
    whole = extract(mvtec_root, layers=(1,))
    samples, settings = read(mvtec_root, "nut").train, FeatureSettings(map_size=8, layers=(1,))
    cut = feature_maps(samples, settings, Preprocessing(64, 96), CPU)
    assert len(passes) == 12
    feature_maps(samples, settings, Preprocessing(64, 96), CPU)
    assert len(passes) == 12
    assert not np.allclose(whole.layers[0], cut.layers[0])


@pytest.mark.parametrize("change", [{"weights": "random"}, {"precision": "float32"}])
def test_what_features_depend_on_is_computed_anew(mvtec_root, passes, change):
    extract(mvtec_root, layers=(1,))
    extract(mvtec_root, layers=(1,), **change)
    assert len(passes) == 12


def test_a_changed_image_is_computed_anew(mvtec_root, passes):
    before = extract(mvtec_root, layers=(1,)).batch([0]).features
    Image.new("L", (64, 64), 255).save(mvtec_root / "nut/train/good/000.png")
    assert not torch.equal(extract(mvtec_root, layers=(1,)).batch([0]).features, before)
    assert len(passes) == 12


@pytest.mark.parametrize("harm", ["truncate", "foreign"])
def test_a_harmed_file_is_built_again(mvtec_root, cache, passes, harm):
    before = extract(mvtec_root, layers=(1,)).batch(slice(None)).features
    (file,) = cache.glob("features/*/layer-1/maps.npy")
    if harm == "truncate":
        os.truncate(file, file.stat().st_size // 2)
    else:
        np.save(file, np.load(file) + 1)
        os.utime(file, (1, 1))  # clocks of file systems may stand still for milliseconds
    assert torch.equal(extract(mvtec_root, layers=(1,)).batch(slice(None)).features, before)
    assert len(passes) == 12


def _worker(root: str, counter: str) -> None:
    torch.set_num_threads(1)
    call = Backbone.__call__

    def counted(self, images):
        with Path(counter).open("a") as file:
            file.write("x" * len(images))
        return call(self, images)

    Backbone.__call__ = counted
    extract(Path(root), layers=(1,))


def test_workers_that_want_the_same_share_one_pass(mvtec_root, tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_worker, args=(str(mvtec_root), str(tmp_path / "count"))) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert (tmp_path / "count").read_text() == "x" * 6


def test_an_unreadable_image_leaves_nothing(mvtec_root, cache):
    path = mvtec_root / "nut/train/good/003.png"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(DataError, match=r"003.png: cannot be read as an image"):
        extract(mvtec_root, layers=(1,))
    assert not list(cache.glob("features/*/layer-1"))
    assert not list(cache.glob("features/*/.layer-1*"))


def test_a_full_disk_is_one_line(mvtec_root, cache, monkeypatch):
    monkeypatch.setattr(cached, "FILE", "../../../full")
    (cache / "full").symlink_to("/dev/full")
    with pytest.raises(ResourceError, match=r"features/\w+: no disk space left"):
        extract(mvtec_root, layers=(1,))


@pytest.fixture
def elsewhere(cache, mvtec_root, monkeypatch, tmp_path):
    """Another cache folder that has the features; this machine's own is empty."""
    extract(mvtec_root, layers=(1,))
    shared = tmp_path / "elsewhere"
    shared.mkdir()
    (cache / "features").rename(shared / "features")
    monkeypatch.setenv("URA_STUDY_FEATURES_FROM", str(shared))
    return shared


def test_features_of_another_cache_folder_are_copied(elsewhere, mvtec_root, passes):
    maps = extract(mvtec_root, layers=(1,))
    assert passes == []
    shutil.rmtree(elsewhere)  # nothing is read there any more
    assert np.array_equal(maps.layers[0], extract(mvtec_root, layers=(1,)).layers[0])
    assert passes == []


def test_what_the_other_folder_has_not_is_computed(elsewhere, mvtec_root, passes):
    extract(mvtec_root, layers=(1, 2))
    assert passes == [(2,)] * 6


def test_what_is_damaged_there_is_computed(elsewhere, mvtec_root, passes):
    (file,) = elsewhere.glob("features/*/layer-1/maps.npy")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    extract(mvtec_root, layers=(1,))
    assert passes == [(1,)] * 6
    assert file.read_bytes() == content  # it is only read


def test_another_cache_folder_that_is_none_is_one_line(mvtec_root, cache, monkeypatch, tmp_path):
    monkeypatch.setenv("URA_STUDY_FEATURES_FROM", str(tmp_path / "none"))
    with pytest.raises(ResourceError, match=f"^URA_STUDY_FEATURES_FROM: {tmp_path}/none is no folder here$"):
        extract(mvtec_root, layers=(1,))
