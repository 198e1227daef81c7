"""What all figures share: style, fonts, axes, pictures."""
