"""Search spaces: the keys that may vary, their domains and their conditions."""
