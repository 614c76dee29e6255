"""The pictures and tables of docs/engine.md, made from the engine itself by `make docs`."""
