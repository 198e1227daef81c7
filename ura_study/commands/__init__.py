"""The commands: one file for each, with a function from paths and options to an exit code."""
