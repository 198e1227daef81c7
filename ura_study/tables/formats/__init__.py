"""Tables as text: LaTeX, Markdown, HTML, the terminal, and flat data."""
