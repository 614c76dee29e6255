"""Parfocal's library: how networks learn (`engine.training`) and which values to try next (`engine.search`).

It knows nothing of the service in `app`, and its two rooms do not know each other: plain name → value
mappings pass between them.
"""
