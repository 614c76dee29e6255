"""The array type of this room. Shapes stand beside each field and in each docstring: K members, B rows of a batch."""

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
