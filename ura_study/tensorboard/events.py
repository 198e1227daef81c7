"""Event files in the format of TensorBoard.

TensorBoard's own writer keeps a thread and an open file for each folder, and a study has hundreds of folders. Here, a
file is opened, whole events are appended, and it is closed.
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

#: Start of the name of an event file, by which TensorBoard recognises it.
PREFIX = "events.out.tfevents"
#: Version of the format, in the first event of a file.
VERSION = "brain.Event:2"

_SCALAR = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"), data_class=DATA_CLASS_SCALAR)


def append(path: Path, events: Iterable[Event]) -> None:
    """Append events to a file in one write; a missing file or folder is created."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first = [] if path.exists() else [Event(wall_time=time.time(), file_version=VERSION)]
    records = io.BytesIO()
    writer = RecordWriter(records)
    for event in (*first, *events):
        writer.write(event.SerializeToString())
    with path.open("ab") as file:
        file.write(records.getvalue())


def scalars(values: Mapping[str, float | None], step: int) -> Event:
    """Return an event with one point at `step` for each time series (tag → value); None has no point."""
    event = Event(wall_time=time.time(), step=step)
    for tag, value in values.items():
        if value is not None:
            tensor = TensorProto(dtype=DT_FLOAT, tensor_shape=TensorShapeProto(), float_val=[value])
            event.summary.value.add(tag=tag, tensor=tensor, metadata=_SCALAR)
    return event


def once(*summaries: Summary) -> Event:
    """Return one event, without a step, with the content of all summaries."""
    event = Event(wall_time=time.time())
    for summary in summaries:
        event.summary.MergeFrom(summary)
    return event


def image(tag: str, pixels: np.ndarray, markdown: str) -> Summary:
    """Return an image (H, W, 3) uint8 for TensorBoard's Images tab, with a description in Markdown."""
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
    """Return a text in Markdown for TensorBoard's Text tab."""
    return text_pb(tag, markdown)
