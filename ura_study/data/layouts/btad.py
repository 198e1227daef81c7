"""BTAD, the beanTech anomaly detection data set (Mishra et al., ISIE 2021): three products, BMP and PNG.

<root>/<01|02|03>/train/ok/*              one-class training images
<root>/<01|02|03>/test/ok/*
<root>/<01|02|03>/test/ko/<stem>.*
<root>/<01|02|03>/ground_truth/ko/<stem>.*       same stem, but not always the same file type as the image

Masks are found by stem whatever their type. The root is `BTech_Dataset_transformed` as downloaded.
"""

from __future__ import annotations

from ura_study.data.layouts.config import register_layout
from ura_study.data.layouts.places import Places, by_category

PLACES = Places("train/ok", "test/ok", "test/{defect}", "ground_truth/{defect}")
LAYOUT = by_category(PLACES, wanted="the folders 01, 02 and 03, each with train/ok inside")
register_layout("btad", LAYOUT)
