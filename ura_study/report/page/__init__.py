"""The report of a study: one HTML file that explains itself and loads no other file."""
