"""TensorBoard's events of a study, and its server."""
