"""What `plan` and `run` say of combinations that cannot be."""

import io

from hand_made import make_study
from rich.console import Console

from ura_study.commands.plan import show_left_out


def test_combinations_that_cannot_be_are_told_by_ablation_and_reason():
    parts = ["model.synthesis", "model.perception", "model.restoration"]
    console = Console(width=60, file=io.StringIO())
    show_left_out(make_study(ablations={"up": {"add_one_in": parts}, "one": {"leave_one_out": parts}}), console)
    assert console.file.getvalue() == (
        "left out of ablations.up: w/o perception, restoration (model: restoration and perception are both off, so "
        "nothing learns from synthesis; with synthesis: false, too, the score is the distance to the mean)\n"
    )


def test_nothing_is_said_where_nothing_is_left_out():
    console = Console(file=io.StringIO())
    show_left_out(make_study(ablations={"one": {"leave_one_out": ["model.synthesis"]}}), console)
    assert console.file.getvalue() == ""
