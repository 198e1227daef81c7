"""Tables as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment

from ura_study.tables.sheet import Sheet, Shown, cited

TABLE = """\
<table id="{{ sheet.label }}">
  <caption>{{ sheet.caption }}{% for note in sheet.notes %} {{ note }}{% endfor %}</caption>
  <thead>
    <tr>
    {%- for stub in sheet.stubs %}<th scope="col">{{ stub }}</th>{% endfor %}
    {%- for heading in sheet.headings %}<th scope="col">{{ cited(*heading) }}</th>{% endfor -%}
    </tr>
  </thead>
  {%- for name, lines in (("measured", sheet.lines), ("reported", sheet.reported)) if lines %}
  <tbody class="{{ name }}">
    {%- for line in lines %}
    <tr>
      {%- for label in line.labels %}<th scope="row">{{ cited(label, line.citation) }}</th>{% endfor %}
      {%- for cell in line.cells %}<td class="{{ style(cell) }}">
        {{- cell.main }}{% if cell.tail %}<small>{{ cell.tail }}</small>{% endif %}
        {%- if cell.significant %}<sup>*</sup>{% endif %}</td>
      {%- endfor -%}
    </tr>
    {%- endfor %}
  </tbody>
  {%- endfor %}
</table>
"""
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{{ title }}</title>
<style>
body { font-family: sans-serif; }
table { border-collapse: collapse; border-block: 2px solid; margin: 2em auto; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2em 0.7em; }
td { text-align: right; }
th[scope="row"] { text-align: left; font-weight: normal; }
thead, tbody { border-bottom: 1px solid; }
caption { padding-bottom: 0.5em; max-width: 60em; }
.best { font-weight: bold; }
.second { text-decoration: underline; }
.failed { color: #b00020; }
.absent { color: #777; }
</style>
</head>
<body>
{% for table in tables %}{{ table | safe }}{% endfor %}</body>
</html>
"""
ENVIRONMENT = Environment(autoescape=True, keep_trailing_newline=True)


def html(sheet: Sheet) -> str:
    """Return a `<table>`; its cells have the class `best`, `second`, `failed`, `absent` or none."""
    return ENVIRONMENT.from_string(TABLE).render(sheet=sheet, cited=cited, style=_style)


def html_document(tables: Sequence[str], title: str) -> str:
    """Return a complete HTML page with these tables."""
    return ENVIRONMENT.from_string(PAGE).render(tables=tables, title=title)


def _style(cell: Shown) -> str:
    if not cell.number:
        return "failed" if cell.failed else "absent"
    return ("", "best", "second")[cell.rank]
