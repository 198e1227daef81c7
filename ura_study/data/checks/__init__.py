"""What is wrong, or worth knowing, about images before anything runs."""
