"""Event files, as TensorBoard reads them.

TensorBoard's own writer keeps a thread and an open file for each folder; studies have hundreds. Here a file is opened
to append whole events, and closed.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import DATA_CLASS_SCALAR, Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_FLOAT, DT_STRING
from tensorboard.plugins.image import metadata as image_metadata
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.record_writer import RecordWriter

#: Begins the name of an event file; TensorBoard knows them by it.
PREFIX = "events.out.tfevents"
#: What the first event of a file says.
VERSION = "brain.Event:2"

_SCALAR = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"), data_class=DATA_CLASS_SCALAR)


def append(path: Path, events: Iterable[Event]) -> None:
    """Write events to the end of a file in one go; file and folder are made where they are missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first = [] if path.exists() else [Event(wall_time=time.time(), file_version=VERSION)]
    records = io.BytesIO()
    writer = RecordWriter(records)
    for event in (*first, *events):
        writer.write(event.SerializeToString())
    with path.open("ab") as file:
        file.write(records.getvalue())


def scalars(values: Mapping[str, float | None], step: int) -> Event:
    """Return one point of each time series (tag → value); an unknown value has none."""
    event = Event(wall_time=time.time(), step=step)
    for tag, value in values.items():
        if value is not None:
            tensor = TensorProto(dtype=DT_FLOAT, tensor_shape=TensorShapeProto(), float_val=[value])
            event.summary.value.add(tag=tag, tensor=tensor, metadata=_SCALAR)
    return event


def once(*summaries: Summary) -> Event:
    """Return what is said of a folder once and for all."""
    event = Event(wall_time=time.time())
    for summary in summaries:
        event.summary.MergeFrom(summary)
    return event


def image(tag: str, pixels: np.ndarray, markdown: str) -> Summary:
    """Return an image (H, W, 3) uint8 for TensorBoard's Images tab, with what there is to say of it."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    height, width, _ = pixels.shape
    content = [str(width).encode(), str(height).encode(), file.getvalue()]
    tensor = TensorProto(dtype=DT_STRING, string_val=content)
    tensor.tensor_shape.dim.add(size=len(content))
    about = image_metadata.create_summary_metadata(display_name=tag, description=markdown)
    summary = Summary()
    summary.value.add(tag=tag, metadata=about, tensor=tensor)
    return summary


def text(tag: str, markdown: str) -> Summary:
    """Return a text for TensorBoard's Text tab."""
    return text_pb(tag, markdown)
