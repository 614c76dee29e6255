"""Opaque identifiers."""

import secrets


def new_id() -> str:
    """48 random bits as hex. Should two ever be the same, the primary key refuses the second."""
    return secrets.token_hex(6)
