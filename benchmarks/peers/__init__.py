"""What people use instead, each set up as its own documentation advises for small networks on one core."""
