"""What the commands do: a file each, from paths to an exit code."""
