"""What a study asks: its file, its schema, and the plan of variants and runs that follows from it."""
