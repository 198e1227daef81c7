"""The results of a study as numbers: its records read, aggregated and compared."""
