"""MVTec LOCO AD (Bergmann et al., IJCV 2022): structural and logical anomalies, several masks per image.

<root>/<category>/train/good/*.png
<root>/<category>/test/{good,logical_anomalies,structural_anomalies}/<stem>.png
<root>/<category>/ground_truth/<kind>/<stem>/000.png, 001.png, …       one mask per defect
<root>/<category>/defects_config.json                                  saturation threshold of each defect
<root>/<category>/validation/good/*.png                                not used

An image's mask is the union of its masks, so pixel metrics here are those of MVTec AD. The metric of the LOCO paper,
sPRO, lets a region count as found once a part of it, given in `defects_config.json`, is; it is not computed, and AUPRO
(a missing part has no place of its own) must not be compared with it.
"""

from __future__ import annotations

from ura_study.data.layouts.config import register_layout
from ura_study.data.layouts.places import Places, by_category

PLACES = Places("train/good", "test/good", "test/{defect}", "ground_truth/{defect}/{image}", unused=("validation",))
LAYOUT = by_category(PLACES, wanted="one folder per category (breakfast_box, …) with train/good inside")
register_layout("mvtec_loco", LAYOUT)
