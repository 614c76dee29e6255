"""Everything that knows SQL: one file of queries per noun."""
