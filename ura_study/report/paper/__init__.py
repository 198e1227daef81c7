"""A LaTeX document with all tables and figures of a study."""
