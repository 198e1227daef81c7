"""Synthetic defects on whole images, for validation without test images: fixed, and touched by no setting."""
