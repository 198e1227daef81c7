"""The built-in texture set: photographs of brick, grass and gravel, with rendered defects and exact masks."""
