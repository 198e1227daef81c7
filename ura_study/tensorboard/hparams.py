"""The content of TensorBoard's hparams tab: a column for each key that a study varies and for each of its metrics.

TensorBoard takes the columns and their types from the folder that it reads first. So they are made from the study alone
(its ablations and its search space), before any variant is known, and are the same in every folder. Every variant has a
value in every column, since the parallel coordinates view leaves out a variant with a missing value.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import api_pb2, metadata, summary_v2
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo

from ura_study.search.space.config import DOMAINS
from ura_study.settings import lookup, within
from ura_study.study.config import Study
from ura_study.study.names import readable
from ura_study.study.plan import Variant

#: Heading of the column with the names of variants.
NAME = "variant"
#: Value of a key that a variant does not have, because its section is switched off or replaced by another.
ABSENT = "off"

Shown = bool | float | str


@dataclass(frozen=True)
class Column:
    """A dotted key that the study varies."""

    key: str
    values: tuple[Shown, ...]
    """Its possible values; for a range, both ends."""
    kind: type
    """`bool`, `float` or `str`; `str` also if its values have several types."""
    detailed: bool
    """Whether the study gives some value as a section with keys; such a value is shown with these keys."""

    def of(self, variant: Variant, raw: Mapping[str, Any]) -> Shown:
        """Return the value of a variant in this column; `raw` are its settings as nested mappings."""
        change = variant.changes.get(self.key) if self.detailed else None
        return _as(self.kind, _shown(lookup(raw, self.key), change))


def columns(study: Study) -> list[Column]:
    """Return the columns of a study: keys of ablations, then of the search, each in the order of the study file."""
    listed: dict[str, list[Any]] = {}
    for key, values in _varied(study):
        listed.setdefault(key, []).extend(values)
    base = study.baseline.model_dump()
    return [_column(key, base, listed) for key in listed]


def _varied(study: Study) -> Iterator[tuple[str, Sequence[Any]]]:
    for ablation in study.ablations.values():
        yield from ablation.values_by_key().items()
    for key, domain in (study.search.domains if study.search is not None else {}).items():
        form = next(form for form in DOMAINS if form in domain)
        yield key, [domain[form]] if form == "fixed" else domain[form]


def _column(key: str, base: Mapping[str, Any], listed: Mapping[str, Sequence[Any]]) -> Column:
    values = [_shown(lookup(base, key)), *(_shown(value, value) for value in listed[key])]
    if any(_goes(value, lookup(base, whole)) for whole in listed if within(key, whole) for value in listed[whole]):
        values.append(ABSENT)
    kinds = {bool if isinstance(value, bool) else str if isinstance(value, str) else float for value in values}
    kind = kinds.pop() if len(kinds) == 1 else str
    distinct = dict.fromkeys(_as(kind, value) for value in values)
    return Column(key, tuple(distinct), kind, any(isinstance(value, Mapping) for value in listed[key]))


def _goes(value: Any, before: Any) -> bool:
    """Tell whether a section loses its keys when it becomes `value`: switched off, or a section of another name."""
    if not isinstance(value, Mapping):
        return value is not True
    return isinstance(before, Mapping) and value.get("name", before.get("name")) != before.get("name")


def _shown(value: Any, change: Any = None) -> Shown:
    """Return a value as a column shows it.

    A section is shown as its `change` in the study if this has keys, otherwise as its name, or True without a name.
    """
    if value is ...:
        return ABSENT
    if isinstance(value, Mapping):
        return readable(change) if isinstance(change, Mapping) else value.get("name", True)
    return value if isinstance(value, bool | int | float | str) else readable(value)


def _as(kind: type, value: Shown) -> Shown:
    return readable(value) if kind is str else kind(value)


def tag(metric: str) -> str:
    """Return the tag of a variant's mean of a metric."""
    return f"mean/{metric}"


def begun(study: Study, shown: Sequence[Column], variant: Variant) -> tuple[Summary, Summary]:
    """Return the summaries at the start of a variant's folder: the columns of the study, the values of the variant."""
    names = api_pb2.HParamInfo(name=NAME, type=api_pb2.DATA_TYPE_STRING, differs=True)
    experiment = api_pb2.Experiment(
        time_created_secs=time.time(),
        hparam_infos=[names, *map(_info, shown)],
        metric_infos=[
            api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag(metric)), display_name=metric)
            for metric in study.report.metrics
        ],
    )
    raw = variant.settings.model_dump()
    values = {NAME: variant.name} | {column.key: column.of(variant, raw) for column in shown}
    return (
        _summary(metadata.EXPERIMENT_TAG, HParamsPluginData(experiment=experiment)),
        summary_v2.hparams_pb(values, trial_id=f"{study.study}: {variant.name}"),
    )


def ended(statuses: Iterable[bool]) -> Summary:
    """Return the summary at the end of a variant's folder; `statuses` tells for each run whether it succeeded."""
    status = api_pb2.STATUS_SUCCESS if all(statuses) else api_pb2.STATUS_FAILURE
    info = SessionEndInfo(status=status, end_time_secs=time.time())
    return _summary(metadata.SESSION_END_INFO_TAG, HParamsPluginData(session_end_info=info))


def _info(column: Column) -> api_pb2.HParamInfo:
    info = api_pb2.HParamInfo(name=column.key, differs=len(column.values) > 1)
    if column.kind is float:
        domain = summary_v2.RealInterval(min(column.values), max(column.values))
    else:
        domain = summary_v2.Discrete(column.values)
    domain.update_hparam_info(info)
    return info


def _summary(name: str, data: HParamsPluginData) -> Summary:
    """Return a summary of metadata only, as the plugin needs it (the plugin's own function needs TensorFlow)."""
    summary = Summary()
    summary.value.add(tag=name, metadata=metadata.create_summary_metadata(data), tensor=metadata.NULL_TENSOR)
    return summary
