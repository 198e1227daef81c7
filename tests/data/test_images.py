import struct

import numpy as np
import pytest
from datasets import write_category
from PIL import Image, ImageOps

from ura_study.data.checks.headers import check_headers
from ura_study.data.images import allow, image_size, load_image, load_mask, load_original, pages
from ura_study.data.layouts.mvtec_ad import read
from ura_study.data.preprocessing import Preprocessing
from ura_study.data.resizing import resized
from ura_study.errors import DataError


def test_image_is_pillows_resize(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (90, 70, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    expected = Image.fromarray(pixels).resize((32, 32), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(load_image(tmp_path / "a.png", Preprocessing(32)), np.asarray(expected))


def test_grey_and_sixteen_bit_are_the_same_picture(tmp_path):
    grey = np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8)
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.tif")
    np.testing.assert_array_equal(
        load_image(tmp_path / "grey.png", Preprocessing(40)), np.repeat(grey[..., None], 3, axis=2)
    )
    np.testing.assert_array_equal(
        load_image(tmp_path / "deep.png", Preprocessing(40)), load_image(tmp_path / "grey.png", Preprocessing(40))
    )
    np.testing.assert_array_equal(
        load_image(tmp_path / "deep.tif", Preprocessing(40)), load_image(tmp_path / "grey.png", Preprocessing(40))
    )


@pytest.mark.parametrize("value", [1, 255])
def test_mask_is_what_is_not_black(tmp_path, value):
    Image.new("L", (64, 64)).save(tmp_path / "image.png")
    mask = np.zeros((64, 64), np.uint8)
    mask[10:20, 30:50] = value
    Image.fromarray(mask).save(tmp_path / "mask.png")
    found = load_mask(tmp_path / "mask.png", tmp_path / "image.png")
    np.testing.assert_array_equal(found, mask > 0)
    assert resized(found, 32).sum() == 50


def test_mask_of_another_size(tmp_path):
    folder = write_category(tmp_path, "nut")
    path = folder / "ground_truth/square/001_mask.png"
    Image.new("L", (64, 32)).save(path)
    with pytest.raises(DataError) as caught:
        check_headers(read(tmp_path, "nut"))
    assert str(caught.value) == f"{path}: expected a mask of its image's size 64×64 (square/001.png), but got 64×32"
    with pytest.raises(DataError, match="but got 64×32"):
        load_mask(path, folder / "test/square/001.png")


def test_text_named_png(tmp_path):
    folder = write_category(tmp_path, "nut")
    (folder / "train/good/002.png").write_text("not a picture")
    with pytest.raises(DataError, match=r"002.png: cannot be read as an image \(not an image\)"):
        check_headers(read(tmp_path, "nut"))


def test_truncated_image(tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 90, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(DataError, match=r"a.jpg: cannot be read as an image \(image file is truncated"):
        load_image(path, Preprocessing(32))


def test_masks_of_odd_modes_mark_the_same_pixels(tmp_path):
    marked = np.zeros((64, 64), bool)
    marked[10:21, 30:41] = True
    grey = Image.fromarray((marked * 255).astype(np.uint8))
    opaque = Image.merge("RGBA", [grey, grey, grey, Image.new("L", (64, 64), 255)])
    palette = Image.fromarray((~marked).astype(np.uint8)).convert("P")
    palette.putpalette([255, 255, 255, 0, 0, 0])
    Image.new("L", (64, 64)).save(tmp_path / "image.png")
    for name, mask in (("a.png", opaque), ("b.png", palette), ("c.jpg", grey), ("d.png", grey.convert("1"))):
        mask.save(tmp_path / name)
        np.testing.assert_array_equal(load_mask(tmp_path / name, tmp_path / "image.png"), marked, err_msg=name)


@pytest.mark.parametrize("pixels", [np.full((8, 8), 0.5, np.float32), np.full((8, 8), 1 << 20, np.int32)])
def test_images_of_32_bits_are_refused(tmp_path, pixels):
    Image.fromarray(pixels).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match=r"a.tif: expected an image of 8 or 16 bits per channel"):
        load_image(tmp_path / "a.tif", Preprocessing(8))


def test_the_middle_is_what_torchvision_cuts(tmp_path):
    transforms = pytest.importorskip("torchvision.transforms")
    random = np.random.default_rng(0)
    for height, width in ((90, 71), (64, 200), (37, 37), (333, 100)):
        path = tmp_path / "a.png"
        image = Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8))
        image.save(path)
        expected = transforms.Compose([transforms.Resize(48), transforms.CenterCrop(32)])(image)
        np.testing.assert_array_equal(load_image(path, Preprocessing(32, 48)), np.asarray(expected))


def test_masks_are_cut_like_their_images(tmp_path):
    pixels = np.zeros((60, 120), np.uint8)
    pixels[20:40, 50:70] = 255  # in the middle: 20 px of the 60 px of the shorter side
    pixels[:, :20] = 255  # outside the crop
    for name in ("image.png", "mask.png"):
        Image.fromarray(pixels).save(tmp_path / name)
    mask = resized(load_mask(tmp_path / "mask.png", tmp_path / "image.png"), 60, crop_from=60)
    np.testing.assert_array_equal(mask, load_image(tmp_path / "image.png", Preprocessing(60, 60))[..., 0] == 255)
    assert mask.sum() == 400


@pytest.mark.parametrize("ending", [".jpg", ".tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_camera_that_was_turned(tmp_path, ending, orientation):
    pixels = np.zeros((40, 24), np.uint8)
    pixels[:10] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a{ending}"
    Image.fromarray(pixels).save(path, exif=exif, quality=95)
    with path.open("rb") as file, Image.open(file) as image:
        image.load()
        upright = ImageOps.exif_transpose(image)
    assert image_size(path) == upright.size == ((40, 24) if orientation > 4 else (24, 40))
    np.testing.assert_array_equal(load_original(path), np.asarray(upright.convert("RGB")))
    brightest = load_original(path)[..., 0] > 127
    edges = {"top": brightest[0], "bottom": brightest[-1], "left": brightest[:, 0], "right": brightest[:, -1]}
    side = {1: "top", 2: "top", 3: "bottom", 4: "bottom", 5: "left", 6: "right", 7: "right", 8: "left"}[orientation]
    assert [name for name, edge in edges.items() if edge.all()] == [side]


def test_other_kinds_of_colour_are_read_as_rgb(tmp_path):
    colours = np.zeros((32, 32, 3), np.uint8)
    colours[:16], colours[16:] = (200, 30, 60), (10, 120, 250)
    image = Image.fromarray(colours)
    transparent = image.copy()
    transparent.putalpha(Image.new("L", (32, 32), 7))
    image.convert("P", palette=Image.Palette.ADAPTIVE, colors=2).save(tmp_path / "palette.png")
    transparent.save(tmp_path / "transparent.png")
    image.save(tmp_path / "a.bmp")
    for name in ("palette.png", "transparent.png", "a.bmp"):
        np.testing.assert_array_equal(load_image(tmp_path / name, Preprocessing(32)), colours, err_msg=name)
    image.convert("CMYK").save(tmp_path / "cmyk.tif")
    np.testing.assert_array_equal(load_image(tmp_path / "cmyk.tif", Preprocessing(32)), colours)
    image.convert("CMYK").save(tmp_path / "cmyk.jpg", quality=100)
    assert np.abs(load_image(tmp_path / "cmyk.jpg", Preprocessing(32)).astype(int) - colours)[[4, 28]].max() <= 3


@pytest.fixture
def square(tmp_path):
    """An image, and where its mask is to be: a square of 11 × 11 pixels; and a function that reads the mask."""
    marked = np.zeros((64, 64), bool)
    marked[10:21, 30:41] = True
    Image.new("L", (64, 64)).save(tmp_path / "image.png")
    return marked, lambda name: load_mask(tmp_path / name, tmp_path / "image.png")


@pytest.mark.parametrize(("form", "name"), [("JPEG", "m.png"), ("WEBP", "m.bmp"), ("JPEG2000", "m.tif")])
def test_lossy_masks_are_known_by_their_content(tmp_path, square, form, name):
    marked, read = square
    options = {"quality": 60} if form != "JPEG2000" else {"quality_layers": [4]}
    Image.fromarray((marked * 255).astype(np.uint8)).save(tmp_path / name, format=form, **options)
    assert (read(name) != marked).sum() <= 4  # ringing alone would mark hundreds


def test_a_png_of_ones_under_the_name_of_a_jpeg(tmp_path, square):
    marked, read = square
    Image.fromarray(marked.astype(np.uint8)).save(tmp_path / "m.jpg", format="PNG")
    np.testing.assert_array_equal(read("m.jpg"), marked)


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (200, 30, 0)])
def test_a_shape_that_is_in_the_transparency_alone(tmp_path, square, colour):
    marked, read = square
    alpha = Image.fromarray((marked * 255).astype(np.uint8))
    Image.merge("RGBA", [*(Image.new("L", (64, 64), value) for value in colour), alpha]).save(tmp_path / "m.png")
    np.testing.assert_array_equal(read("m.png"), marked)


def test_what_is_transparent_is_normal(tmp_path, square):
    marked, read = square
    white = Image.fromarray(np.where(np.arange(64) < 50, 255, 0).astype(np.uint8)[None].repeat(64, axis=0))
    alpha = Image.fromarray((marked * 255).astype(np.uint8))
    Image.merge("RGBA", [white, white, white, alpha]).save(tmp_path / "m.png")
    np.testing.assert_array_equal(read("m.png"), marked)


def test_more_pixels_than_allowed_are_one_line(tmp_path, recwarn):
    Image.new("L", (64, 64)).save(tmp_path / "a.png")
    try:
        allow(4095)
        for read in (image_size, load_original):
            with pytest.raises(DataError, match=r"a\.png: 64×64 pixels, but data\.max_pixels is 4,095; raise it"):
                read(tmp_path / "a.png")
    finally:
        allow(178_956_970)
    assert image_size(tmp_path / "a.png") == (64, 64)
    assert not recwarn.list


@pytest.mark.parametrize("bits", [8, 16])
def test_white_is_zero_is_turned_over(tmp_path, bits):
    """A TIFF whose tag of photometric interpretation says that 0 is white, written byte by byte."""
    pixels = np.array([[0, 1], [2, 3]], dtype="<u2" if bits == 16 else "u1") * (2**bits // 4)
    entries = [
        (256, 3, 2),
        (257, 3, 2),
        (258, 3, bits),
        (259, 3, 1),
        (262, 3, 0),
        (273, 4, 8),
        (277, 3, 1),
        (278, 3, 2),
    ]
    entries.append((279, 4, pixels.nbytes))
    content = pixels.tobytes()
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", t, k, 1, v) for t, k, v in entries)
    header = b"II*\0" + struct.pack("<I", 8 + len(content))
    (tmp_path / "a.tif").write_bytes(header + content + directory + struct.pack("<I", 0))
    expected = (255 - np.array([[0, 64], [128, 192]])).tolist()
    assert np.abs(load_original(tmp_path / "a.tif")[..., 0] - expected).max() <= 1


def test_pictures_in_a_file_are_counted(tmp_path):
    frames = [Image.new("L", (8, 8), value) for value in (0, 100, 200)]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "b.png")
    assert [pages(tmp_path / name) for name in ("a.tif", "b.png", "none.png")] == [3, 1, 1]
