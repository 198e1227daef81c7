"""How data sets are laid out in folders: one module for each, registered by name."""
