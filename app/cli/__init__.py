"""The `parfocal` command: one file per noun, put together in command.py."""

from app.cli.command import main

__all__ = ["main"]
