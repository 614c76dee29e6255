"""What all layers share."""

from typing import Protocol

from engine.training.arrays import Array


class Layer(Protocol):
    """One step of K networks on their B rows. Each has buffers for one K and one B, and gives them away:

    what `forward` returns is good until the next `forward`, and `backward` may overwrite what it is given.
    """

    def forward(self, a: Array) -> Array:
        """The layer's outputs (K, B, units out) for its inputs (K, B, units in)."""

    def backward(self, gradient: Array) -> Array:
        """∂L/∂inputs for `gradient` = ∂L/∂outputs; the gradients of the layer's own parameters are left in place."""
