from html.parser import HTMLParser

import pytest
from golden_tables import METRIC, SETTINGS, STUDY, TABLES
from hypothesis import given
from hypothesis import strategies as st

from ura_study.report.config import ReportSettings
from ura_study.results.cell import Cell
from ura_study.tables.formats.html import html, html_document
from ura_study.tables.model import Column, Row, Table
from ura_study.tables.sheet import sheet

VOID = {"meta"}


class Reader(HTMLParser):
    """Reads the cells of tables; open and close tags must match."""

    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.rows, self.classes = [], set(), [], []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td"):
            self.rows[-1].append("")
        if tag == "td":
            self.classes.append(dict(attributes)["class"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"th", "td"} & set(self.open):
            self.rows[-1][-1] += data


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_cells_can_be_read_back(table):
    shown = sheet(table, SETTINGS, STUDY)
    read = Reader(html(shown))
    assert read.rows[0] == [*shown.stubs, *(heading for heading, _ in shown.headings)]
    lines = [[*line.labels, *(cell.text for cell in line.cells)] for line in shown.lines]
    assert read.rows[1 : 1 + len(lines)] == lines
    assert len(read.rows) == 1 + len(lines) + len(shown.reported)


def test_classes():
    read = Reader(html(sheet(METRIC, SETTINGS, STUDY)))
    assert read.classes[:6] == ["second"] * 3 + ["best", "", "best"]
    assert read.classes[6:9] == ["best", "failed", "failed"]
    assert read.classes[9:12] == ["absent", "best", "absent"]


def test_a_page_is_whole():
    tables = [html(sheet(table, SETTINGS, STUDY)) for table in TABLES]
    source = html_document(tables, "<i>")
    assert all(table in source for table in tables)
    assert "<title>&lt;i&gt;</title>" in source
    Reader(source)


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1), st.text(max_size=20))
def test_no_name_breaks_a_table(name, note):
    table = Table("x", name, (name,), (Column("c", name),), (Row((name,), (Cell((0.5,)),)),), notes=(note,))
    read = Reader(html(sheet(table, ReportSettings(), "x")))
    assert read.tags <= {"table", "caption", "thead", "tbody", "tr", "th", "td", "small", "sup"}
    assert read.rows == [[name, f"{name} (%)"], [name, "50.0"]]
