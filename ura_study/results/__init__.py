"""What a study has left, as numbers: records read, aggregated and compared."""
