"""MPDD, metal parts under changing views (Jezek et al., ICUMT 2021): the layout of MVTec AD, six categories."""

from __future__ import annotations

from ura_study.data.layouts.config import register_layout
from ura_study.data.layouts.mvtec_ad import FIRST
from ura_study.data.layouts.places import by_category

LAYOUT = by_category(FIRST, wanted="one folder per category (bracket_black, …) with train/good inside")
register_layout("mpdd", LAYOUT)
