import base64
import io

import numpy as np
from made_up import results_of, with_details
from pages import Page
from PIL import Image

from ura_study.report.figures import gallery
from ura_study.report.page.drawings import drawing, inlined, lighter

SOURCE = """<?xml version="1.0" encoding="utf-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="1pt" xmlns="http://www.w3.org/2000/svg" version="1.1">
 <metadata><rdf xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></metadata>
 <defs><path id="m1" d="M 0 0"/><clipPath id="p1"><rect width="1"/></clipPath></defs>
 <g id="axes" clip-path="url(#p1)"><use xlink:href="#m1" x="1" style="fill: url(#p1)"/></g>
 <text>id="m1" &lt;b&gt;</text>
</svg>
"""


def test_ids_are_the_figures_own_and_what_points_to_them_follows():
    read = Page(inlined(SOURCE, "cost & quality", 'a "b" <c>'))
    (svg,) = read.root.children
    assert (svg.tag, svg.attributes["role"], svg.attributes["aria-label"]) == ("svg", "img", 'a "b" <c>')
    assert svg.attributes["style"] == "--width: 1pt"
    ids = [e.attributes["id"] for e in read.root.all() if "id" in e.attributes]
    assert ids == ["figure-cost-quality-m1", "figure-cost-quality-p1", "figure-cost-quality-axes"]
    (use,), (group,) = read.root.all("use"), read.root.all("g")
    assert use.attributes["xlink:href"] == "#figure-cost-quality-m1"
    assert use.attributes["style"] == "fill: url(#figure-cost-quality-p1)"
    assert group.attributes["clip-path"] == "url(#figure-cost-quality-p1)"
    assert read.root.all("text")[0].text == 'id="m1" <b>'
    assert not read.root.all("metadata", "rdf")


def test_a_figure_of_matplotlib():
    from matplotlib.figure import Figure

    figure, file = Figure(), io.StringIO()
    figure.subplots().plot([0, 1], [0, 1], label="<&>")
    figure.savefig(file, format="svg")
    source = inlined(file.getvalue(), "f", "a line")
    assert source.startswith("<svg ")
    everything = Page(source).root.all()
    ids = [e.attributes["id"] for e in everything if "id" in e.attributes]
    assert len(ids) == len(set(ids)) > 5
    targets = {e.attributes["xlink:href"].removeprefix("#") for e in everything if "xlink:href" in e.attributes}
    assert targets
    assert targets <= set(ids)


def decoded(address, kind):
    assert address.startswith(f"data:image/{kind};base64,")
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))


def test_images_within_become_lighter_and_look_the_same():
    pixels = np.linspace(0, 255, 128).astype(np.uint8)[:, None, None] * np.ones((1, 128, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).convert("RGBA").save(file, "PNG")
    address = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    light = lighter(address)
    assert len(light) < len(address)
    after = np.asarray(decoded(light, "webp").convert("RGB")).astype(int)
    assert np.abs(after - pixels).mean() < 2


def test_pictures_stand_in_the_page_as_images(tmp_path):
    results = with_details(results_of(lambda *cell: 0.5), tmp_path)
    found = [drawing(figure) for figure in gallery(results).pictures]
    assert [picture.caption.partition(":")[0] for picture in found] == ["nut", "bolt"]
    for picture in found:
        images = Page(picture.svg).root.all("image")
        assert len(images) > 6
        assert all(decoded(image.attributes["xlink:href"], "webp").size[0] > 0 for image in images)
    assert gallery(results_of(lambda *cell: 0.5)).pictures == ()
