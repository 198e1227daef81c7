"""A study's report: one HTML file that explains itself and needs nothing else."""
