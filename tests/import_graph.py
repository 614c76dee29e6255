"""Who imports whom, read from the source: also what is imported inside a function, but not for type checkers alone."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("app", "engine", "migrations")

Graph = Mapping[str, frozenset[str]]  # module → all that it imports, its own packages among them


def import_graph() -> Graph:
    files = {module_name(path): path for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    return {module: frozenset(_imports(module, path, files)) for module, path in files.items()}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def reach(graph: Graph, *start: str) -> set[str]:
    """All that is loaded when the modules `start` are: our own modules, and the names of others."""
    found: set[str] = set()
    waiting = set(start)
    while waiting:
        module = waiting.pop()
        found.add(module)
        waiting |= graph.get(module, frozenset()) - found
    return found


def inside(room: str, modules: Mapping[str, object] | set[str]) -> set[str]:
    return {module for module in modules if module == room or module.startswith(f"{room}.")}


def _imports(module: str, path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    yield from _packages(module)
    for name in _names(module, path):
        # `from package import name` may mean a module, or something in the package.
        own = next((part for part in (name, name.rpartition(".")[0]) if part in known), None)
        if own is None:
            yield name
        else:
            yield from (own, *_packages(own))


def _packages(module: str) -> Iterator[str]:
    """Whoever loads a module loads the packages around it first."""
    while "." in module:
        module = module.rpartition(".")[0]
        yield module


def _names(module: str, path: Path) -> Iterator[str]:
    """Each imported name in full."""
    for node in _walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports say the whole name here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _walk(child)
