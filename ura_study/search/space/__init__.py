"""Search spaces: what may vary, how, and under which conditions."""
