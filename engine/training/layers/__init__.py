"""What a network is made of. Each layer's formula stands beside its derivative."""
