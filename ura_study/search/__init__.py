"""Searching: a space of variants, what makes one better than another, and the samplers that propose them."""
