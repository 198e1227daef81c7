"""The layout of the example, and its options."""

import pytest
from plugged import SMALL, done, write_products

from ura_study.errors import ConfigError
from ura_study.opening import open_study
from ura_study.study.loading import load_study

pytestmark = pytest.mark.usefixtures("unplugged")


def test_a_layout_with_options(study, tmp_path):
    root = write_products(tmp_path / "set", "lid", "cap")
    keys = {"layout": "ok_nok", "root": str(root), "image_size": 64, "categories": ["lid"]}
    sizes = {}
    for share in (0.2, 0.5):
        path = study("layout", "detector", data=keys | {"options": {"test_share": share}}, base=SMALL)
        loaded, plan = open_study(path)
        (record,) = done(loaded, plan).values()
        sizes[share] = (record.data["train"], record.data["test_normal"], record.data["test_anomalous"])
        assert record.undefined["pixel_ap"] == "4 of 4 anomalous test images have no mask"
    assert sizes == {0.2: (8, 2, 4), 0.5: (5, 5, 4)}


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"options": {"test_shar": 0.5}}, r"data: options\.test_shar: unknown key; did you mean 'test_share'\?"),
        ({"options": {"test_share": 2}}, r"data: options\.test_share: expected a number < 1, but got 2"),
        ({"layout": "ok_nokk"}, r"data\.layout: .* but got 'ok_nokk'; did you mean 'ok_nok'\?"),
        ({"root": None}, "data: layout 'ok_nok' needs a root"),
        ({"layout": "mvtec_ad", "options": {"test_share": 0.5}}, "'options' are those of a plug-in's layout"),
        ({"folder": {}}, "'folder' holds options of the layout 'folder', but the layout is 'ok_nok'"),
    ],
)
def test_wrong_options_of_a_layout_are_told(study, tmp_path, keys, told):
    given = {"layout": "ok_nok", "root": str(tmp_path)} | keys
    with pytest.raises(ConfigError, match=told):
        load_study(study("layout", data=given))
