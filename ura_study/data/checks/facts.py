"""What is known of the published sets: licence, source, size, citation and the official numbers of images.

Facts that we could not verify are marked and must be checked before use. Sizes are approximate.

This module is long because it is a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ura_study.data.layouts.config import LAYOUTS

NOT_VERIFIED = "not verified"


class Counts(NamedTuple):
    """Numbers of images of one category; None if the set has no official split."""

    train: int | None
    normal: int | None
    """Normal test images."""
    anomalous: int
    """Anomalous test images."""


@dataclass(frozen=True)
class Facts:
    """One published set."""

    title: str
    licence: str
    page: str
    size: str
    citation: str
    counts: Mapping[str, Counts] = field(default_factory=dict)
    """Category → its numbers, where they are known."""
    black_masks: int = 0
    """Masks of defects that are all black in the published set."""
    note: str = ""


def _counts(text: str) -> dict[str, Counts]:
    """Read lines of `category train normal anomalous`."""
    rows = (line.split() for line in text.strip().splitlines())
    return {name: Counts(int(train), int(normal), int(anomalous)) for name, train, normal, anomalous in rows}


BY_NC_SA = "CC BY-NC-SA 4.0"

FACTS: dict[str, Facts] = {
    "textures": Facts(
        title="built-in textures with rendered defects",
        licence="CC0 (CC0Textures, as shipped by scikit-image)",
        page="-",
        size="360 images, made on first use",
        citation="none: for trying things out",
        counts={name: Counts(60, 20, 40) for name in ("brick", "grass", "gravel")},
    ),
    "mvtec_ad": Facts(
        title="MVTec AD (and MVTec AD 2, MVTec 3D-AD's RGB images)",
        licence=BY_NC_SA,
        page="https://www.mvtec.com/company/research/datasets/mvtec-ad",
        size="5,354 images, about 5 GB",
        citation="Bergmann, Fauser, Sattlegger, Steger: MVTec AD - A Comprehensive Real-World Dataset for Unsupervised "
        "Anomaly Detection, CVPR 2019",
        counts=_counts(
            """
            bottle     209 20  63
            cable      224 58  92
            capsule    219 23 109
            carpet     280 28  89
            grid       264 21  57
            hazelnut   391 40  70
            leather    245 32  92
            metal_nut  220 22  93
            pill       267 26 141
            screw      320 41 119
            tile       230 33  84
            toothbrush  60 12  30
            transistor 213 60  40
            wood       247 19  60
            zipper     240 32 119
            """
        ),
    ),
    "btad": Facts(
        title="BTAD, beanTech anomaly detection",
        licence=f"{BY_NC_SA} ({NOT_VERIFIED} at the source)",
        page="https://avires.dimi.uniud.it/papers/btad/btad.zip",
        size="2,540 images, size of the archive not verified",
        citation="Mishra, Verk, Fornasier, Piciarelli, Foresti: VT-ADL - A Vision Transformer Network for Image "
        "Anomaly Detection and Localization, ISIE 2021",
        counts=_counts(
            """
            01  400  21  49
            02  399  30 200
            03 1000 400  41
            """
        ),
    ),
    "oct2017": Facts(
        title="OCT-2017, retinal optical coherence tomography",
        licence="CC BY 4.0",
        page="https://data.mendeley.com/datasets/rscbjbr9sj",
        size="26,315 normal training scans and 1,000 test scans are used, about 6 GB (size not verified)",
        citation="Kermany et al.: Identifying Medical Diagnoses and Treatable Diseases by Image-Based Deep Learning, "
        "Cell 172(5), 2018",
        counts={"oct2017": Counts(26315, 250, 750)},
        note="copies with 242 test scans per class, and a later version with 51,140 normal training scans, are about "
        f"(which version has which count: {NOT_VERIFIED}); name yours in the paper",
    ),
    "visa": Facts(
        title="VisA, visual anomaly",
        licence="CC BY 4.0",
        page="https://github.com/amazon-science/spot-diff",
        size="10,821 images, about 2 GB",
        citation="Zou, Jeong, Pemula, Zhang, Dabeer: SPot-the-Difference Self-Supervised Pre-training for Anomaly "
        "Detection and Segmentation, ECCV 2022",
        counts=_counts(
            """
            candle     900 100 100
            capsules   542  60 100
            cashew     450  50 100
            chewinggum 453  50 100
            fryum      450  50 100
            macaroni1  900 100 100
            macaroni2  900 100 100
            pcb1       904 100 100
            pcb2       901 100 100
            pcb3       905 101 100
            pcb4       904 101 100
            pipe_fryum 450  50 100
            """
        ),
    ),
    "mpdd": Facts(
        title="MPDD, metal parts",
        licence=f"{BY_NC_SA} ({NOT_VERIFIED} at the source)",
        page="https://github.com/stepanje/MPDD",
        size="1,346 images, size not verified",
        citation="Jezek, Jonak, Burget, Dvorak, Skotak: Deep learning-based defect detection of metal parts - "
        "evaluating current methods in complex conditions, ICUMT 2021",
        counts=_counts(
            """
            bracket_black 289 32 47
            bracket_brown 185 26 51
            bracket_white 110 30 30
            connector     128 30 14
            metal_plate    54 26 71
            tubes         122 32 69
            """
        ),
    ),
    "mvtec_loco": Facts(
        title="MVTec LOCO AD, logical constraints",
        licence=BY_NC_SA,
        page="https://www.mvtec.com/company/research/datasets/mvtec-loco",
        size="3,644 images, about 6 GB",
        citation="Bergmann, Batzner, Fauser, Sattlegger, Steger: Beyond Dents and Scratches - Logical Constraints in "
        "Unsupervised Anomaly Detection and Localization, IJCV 130, 2022",
        counts=_counts(
            """
            breakfast_box       351 102 173
            juice_bottle        335  94 236
            pushpins            372 138 172
            screw_bag           360 122 219
            splicing_connectors 354 119 193
            """
        ),
        note="sPRO, the metric of its paper, is not computed; its 304 validation images are not used",
    ),
    "magnetic_tile": Facts(
        title="magnetic tile surface defects",
        licence=f"none stated ({NOT_VERIFIED}); the authors ask for citation",
        page="https://github.com/abin24/Magnetic-tile-defect-datasets.",
        size="1,344 images, 952 of them normal, size not verified",
        citation="Huang, Qiu, Yuan: Surface defect saliency of magnetic tile, The Visual Computer 36, 2020",
        counts={"magnetic_tile": Counts(None, None, 392)},
        black_masks=4,
        note="no split of its own; the default keeps the photographs of one tile together (data.magnetic_tile.split)",
    ),
    "elpv": Facts(
        title="ELPV, solar cells in electroluminescence",
        licence=f"{BY_NC_SA} (images), Apache-2.0 (code)",
        page="https://github.com/zae-bayern/elpv-dataset",
        size="2,624 images, 91 MB: pip install 'ura-study[elpv]'",
        citation="Buerhop-Lutz et al.: A Benchmark for Visual Identification of Defective Solar Cells in "
        "Electroluminescence Imagery, EU PVSEC 2018",
        counts={"mono": Counts(None, None, 313), "poly": Counts(None, None, 402)},
        note="no split of its own; cells of uncertain label are left out (data.elpv.uncertain)",
    ),
    "folder": Facts(
        title="your own folders, named in the study (data.folder)",
        licence="yours",
        page="-",
        size="-",
        citation="-",
    ),
}


def facts_of(layout: str) -> Facts:
    """Return the facts about the set of a layout; for the layout of a plug-in, those it registered, if any."""
    if layout in FACTS:
        return FACTS[layout]
    kind, module = LAYOUTS.get(layout), LAYOUTS.plugin(layout)
    return kind.facts or Facts(
        title=f"from the plug-in {module}", licence=NOT_VERIFIED, page="-", size="-", citation=NOT_VERIFIED
    )
