"""Scripts that make what is committed: sample data, examples and pictures."""
