"""TensorBoard's event files, read by TensorBoard's own code."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from tensorboard.backend.event_processing.plugin_event_accumulator import TENSORS, EventAccumulator
from tensorboard.util import tensor_util


def points(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Return step and value of all points of each time series of numbers in a folder."""
    reader = _read(folder)
    tags = reader.PluginTagToContent("scalars") if "scalars" in reader.ActivePlugins() else ()
    return {
        tag: [(e.step, round(float(tensor_util.make_ndarray(e.tensor_proto)), 6)) for e in reader.Tensors(tag)]
        for tag in tags
    }


def texts(folder: Path) -> dict[str, list[str]]:
    """Return the texts of a folder."""
    reader = _read(folder)
    return {
        tag: [tensor_util.make_ndarray(e.tensor_proto).item().decode() for e in reader.Tensors(tag)]
        for tag in reader.PluginTagToContent("text")
    }


def images(folder: Path) -> dict[str, list[tuple[int, int, str]]]:
    """Return width, height and description of the images of a folder."""
    reader, found = _read(folder), {}
    for tag in reader.PluginTagToContent("images") if "images" in reader.ActivePlugins() else ():
        about = reader.SummaryMetadata(tag).summary_description
        arrays = [tensor_util.make_ndarray(event.tensor_proto) for event in reader.Tensors(tag)]
        for width, height, content in arrays:
            size = Image.open(io.BytesIO(content)).size
            assert size == (int(width), int(height))
            found.setdefault(tag, []).append((*size, about))
    return found


def _read(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder), size_guidance={TENSORS: 0}).Reload()
