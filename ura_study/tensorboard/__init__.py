"""The TensorBoard events of a study, and the TensorBoard server."""
