"""The rules of the house, held over the source itself: floors, sizes, words, reachability, documentation.

Each rule is a function from sources to complaints. It is run over ``src/comaker``, where it must find
nothing, and over a small bad example, where it must find something.
"""

from __future__ import annotations

import ast
import functools
import graphlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "comaker"

Sources = dict[str, str]  # dotted module name -> source text; a package is the name of its __init__
Rule = Callable[[Sources], list[str]]

FLOORS = {
    0: {"words", "refusals", "rules"},
    1: {"model", "events", "ledger", "charts", "replay"},
    2: {"simulate", "ingest", "host", "measure"},
    3: {"report", "cli", "studio"},
    4: {"", "__main__"},
}
VERBS = FLOORS[2]
# Django finds these by their place, not by an import.
BY_PLACE = re.compile(r"comaker\.host\.(?:apps|admin|models|templatetags\.\w+|management\.commands\.\w+)$")
WRITTEN_BY_DJANGO = "comaker.host.migrations."
ENTRANCES = ("comaker", "comaker.cli", "comaker.__main__")

FUNCTION_LINES = 50
FILE_LINES = 400
POSITIONAL = 5

# One word a concept, the framework's: what must not be written -> what to write.
PREFERRED = {
    "agent": "customer",
    "backer": "holder",
    "campaign": "offer (what is sold) or project (what is staked on)",
    "ceiling": "cap",
    "cent": "minor (minor units of the currency)",
    "churn": "leaving",
    "contributor": "customer",
    "dividend": "payout",
    "donation": "stake",
    "donor": "customer",
    "funder": "holder",
    "fundraiser": "project",
    "investor": "holder",
    "member": "customer",
    "pledge": "stake",
    "poll": "ballot",
    "quota": "cap",
    "shareholder": "holder",
    "shopper": "customer",
    "subscriber": "customer",
    "supporter": "holder",
    "user": "customer",
    "vendor": "firm",
}
# The framework itself says so: F7 lists what a customer may be used as.
ALLOWED_WORDS = {
    ("comaker.words", "investor"),
    # Names that Django and its libraries look for.
    ("comaker.host.settings", "user"),
    ("comaker.host.models.accounts", "user"),
    ("comaker.host.accounts", "user"),
}

# Written in pieces so that this file does not mention what it forbids.
REGISTRY = re.compile(
    r"(?:py"
    r"pi|python"
    r"hosted|npm"
    r"js|yarn"
    r"pkg|ana"
    r"conda)\.(?:org|com|io)"
    r"|crates"
    r"\.io|(?<!emit-)index[-_]url|find[-_]links",
    re.IGNORECASE,
)
MACHINE_PATH = re.compile(
    r"(?<![\w.:/~$}*-])/(?:home|root|work|Users|tmp|mnt|private)/\w|\b[A-Z]:\\Users\\", re.IGNORECASE
)


parse = functools.cache(ast.parse)


def read_house() -> Sources:
    sources = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if not f"{name}.".startswith(WRITTEN_BY_DJANGO):
            sources[name] = path.read_text("utf-8")
    return sources


def is_package(module: str, sources: Sources) -> bool:
    return any(other.startswith(f"{module}.") for other in sources)


def imports(module: str, sources: Sources) -> set[str]:
    """Every module that a file imports, at any depth of its code: a late import is an import too."""
    found = set()
    for node in ast.walk(parse(sources[module])):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = module.split(".")
                kept = len(up) - node.level + is_package(module, sources)
                base = ".".join([*up[:kept], *filter(None, [node.module])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                found.add(inner if inner in sources else base)
    return found


def is_ours(module: str) -> bool:
    return module.split(".")[0] == "comaker"


def room(module: str) -> str:
    """The name directly under the package: ``comaker.rules.stake`` is in ``rules``."""
    return module.split(".")[1] if "." in module else ""


def floor(module: str) -> int | None:
    return next((level for level, rooms in FLOORS.items() if room(module) in rooms), None)


def functions(source: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def homeless_modules(sources: Sources) -> list[str]:
    return [f"{module} is on no floor: give it one in FLOORS" for module in sources if floor(module) is None]


def upward_imports(sources: Sources) -> list[str]:
    return [
        f"{module} (floor {here}) imports {wanted} (floor {there}): imports only go down"
        for module in sources
        for wanted in sorted(filter(is_ours, imports(module, sources)))
        if (here := floor(module)) is not None and (there := floor(wanted)) is not None and there > here
    ]


def verbs_that_meet(sources: Sources) -> list[str]:
    return [
        f"{module} imports {wanted}: {room(module)} and {room(wanted)} meet in the event table only"
        for module in sources
        for wanted in sorted(filter(is_ours, imports(module, sources)))
        if {room(module), room(wanted)} <= VERBS and room(module) != room(wanted)
    ]


def foreign_ground(sources: Sources) -> list[str]:
    return [
        f"{module} imports {wanted}: the ground floor knows the standard library only"
        for module in sources
        if floor(module) == 0
        for wanted in sorted(imports(module, sources))
        if not is_ours(wanted) and wanted.split(".")[0] not in sys.stdlib_module_names
    ]


def import_cycles(sources: Sources) -> list[str]:
    graph = {module: {m for m in imports(module, sources) if m in sources} - {module} for module in sources}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return ["a cycle of imports: " + " <- ".join(error.args[1])]
    return []


def long_functions(sources: Sources) -> list[str]:
    return [
        f"{module}:{node.lineno} {node.name} has {lines} lines, more than {FUNCTION_LINES}"
        for module, source in sources.items()
        for node in functions(source)
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    ]


def long_files(sources: Sources) -> list[str]:
    return [
        f"{module} has {lines} lines, more than {FILE_LINES}"
        for module, source in sources.items()
        if (lines := len(source.splitlines())) > FILE_LINES
    ]


def many_positional(sources: Sources) -> list[str]:
    def count(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
        names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        return len(names) - (names[:1] in (["self"], ["cls"]))

    return [
        f"{module}:{node.lineno} {node.name} takes {count(node)} positional parameters of {POSITIONAL}"
        for module, source in sources.items()
        for node in functions(source)
        if count(node) > POSITIONAL
    ]


def defined_names(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(parse(source)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr


def words_in(identifier: str) -> set[str]:
    """The words of a name in either style, in the singular too: ``NewBackers`` holds ``backer``."""
    words = {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)}
    return words | {word.removesuffix("s") for word in words}


def synonyms(sources: Sources) -> list[str]:
    return [
        f"{module}:{line} {name}: write {PREFERRED[word]}, not {word}"
        for module, source in sources.items()
        for line, name in [*((0, part) for part in module.split(".")), *defined_names(source)]
        for word in sorted(words_in(name) & PREFERRED.keys())
        if (module, word) not in ALLOWED_WORDS
    ]


def dead_modules(sources: Sources) -> list[str]:
    """A module named in a string is in use: late imports and settings name modules so."""
    alive: set[str] = set()
    waiting = [module for module in sources if module in ENTRANCES or BY_PLACE.match(module)]
    while waiting:
        module = waiting.pop()
        if module in alive:
            continue
        alive.add(module)
        texts = {n.value for n in ast.walk(parse(sources[module])) if isinstance(n, ast.Constant)}
        words = {text for text in texts if isinstance(text, str)}
        # A setting may name what is in a module: "comaker.host.access.AccessMiddleware".
        named = imports(module, sources) | words | {word.rpartition(".")[0] for word in words}
        parents = {module.rpartition(".")[0]}
        waiting += [other for other in sorted(named | parents) if other in sources]
    return [f"{module} is reached from none of {ENTRANCES}" for module in sources if module not in alive]


def inherited_words(sources: Sources) -> dict[str, set[str]]:
    """The methods that each class, by name, documents itself or takes over from a base of the house."""
    trees = [parse(text) for text in sources.values()]
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    bases: dict[str, set[str]] = {node.name: set() for node in classes}
    words: dict[str, set[str]] = {node.name: set() for node in classes}
    for node in classes:
        bases[node.name] |= {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        words[node.name] |= {
            item.name for item in node.body if isinstance(item, ast.FunctionDef) and ast.get_docstring(item)
        }
    for _ in classes:
        for name in words:
            words[name] |= {word for base in bases[name] for word in words.get(base, ())}
    return words


def undocumented(sources: Sources) -> list[str]:
    words = inherited_words(sources)

    def missing(module: str, scope: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[str]:
        for node in scope.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            derived = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
            known = isinstance(scope, ast.ClassDef) and node.name in words[scope.name]
            if node.name.startswith("_") or node.name == "Meta" or known or derived & {"overload", "setter"}:
                continue
            if ast.get_docstring(node) is None:
                yield f"{module}:{node.lineno} {prefix}{node.name} is public and has no docstring"
            if isinstance(node, ast.ClassDef):
                yield from missing(module, node, f"{node.name}.")

    return [line for module, source in sources.items() for line in missing(module, parse(source))]


def places_named(sources: Sources) -> list[str]:
    """Here the keys are paths of tracked files."""
    return [
        f"{path}:{number} names {what}: {found.group()}"
        for path, text in sources.items()
        for number, line in enumerate(text.splitlines(), 1)
        for what, pattern in (("a package registry", REGISTRY), ("a path of one machine", MACHINE_PATH))
        if (found := pattern.search(line))
    ]


BAD: list[tuple[Rule, Sources]] = [
    (homeless_modules, {"comaker.attic": ""}),
    (upward_imports, {"comaker.rules.stake": "from comaker.model import load"}),
    (upward_imports, {"comaker.events": "import comaker.simulate.kernel"}),
    (upward_imports, {"comaker.ledger": "def late():\n    from comaker import report", "comaker.report": ""}),
    (upward_imports, {"comaker.cli": "from comaker import simulate_all"}),
    (upward_imports, {"comaker.model.load": "from ..cli import main"}),
    (verbs_that_meet, {"comaker.measure": "from comaker.simulate import run"}),
    (upward_imports, {"comaker.replay": "from ..ingest import read", "comaker.replay.log": ""}),
    (verbs_that_meet, {"comaker.host.views": "from comaker import measure", "comaker.measure": ""}),
    (foreign_ground, {"comaker.rules.stake": "import numpy as np"}),
    (foreign_ground, {"comaker.words": "from pydantic.fields import Field"}),
    (import_cycles, {"comaker.events": "import comaker.ledger", "comaker.ledger": "from . import events"}),
    (long_functions, {"comaker.events": "def write():\n" + "    pass\n" * FUNCTION_LINES}),
    (long_files, {"comaker.events": "\n" * (FILE_LINES + 1)}),
    (many_positional, {"comaker.events": "def write(a, b, c, /, d, e, f): ..."}),
    (many_positional, {"comaker.events": "class A:\n    async def write(self, a, b, c, d, e, f): ..."}),
    (synonyms, {"comaker.events": "def write(user_id): ..."}),
    (synonyms, {"comaker.events": "class NewBackers: ..."}),
    (synonyms, {"comaker.events": "price_cents = 1000"}),
    (synonyms, {"comaker.events": "self.donor = 1"}),
    (synonyms, {"comaker.model.campaign": ""}),
    (dead_modules, {"comaker": "from comaker import events", "comaker.events": "", "comaker.ledger": ""}),
    (undocumented, {"comaker.events": "def write(): ..."}),
    (undocumented, {"comaker.events": "class Event:\n    'One row.'\n    def name(self): ..."}),
    (undocumented, {"comaker.events": "class A:\n    'A.'\n    def f(self): ...\nclass B(A):\n    'B.'\n"}),
    (places_named, {"constraints.txt": "--index" + "-url https://example.org/simple"}),
    (places_named, {"README.md": "see https://py" + "pi.org/project/comaker"}),
    (places_named, {"docs/odd.md": "written to /ho" + "me/ann/out"}),
    (places_named, {"bench/x.py": 'open("/t' + 'mp/x")'}),
]

EVENTS = {"comaker.events": ""}
GOOD: list[tuple[Rule, Sources]] = [
    (upward_imports, {"comaker.model.load": "import comaker.rules\nfrom comaker import events", **EVENTS}),
    (verbs_that_meet, {"comaker.simulate.run": "from .kernel import step\nimport comaker.events"}),
    (foreign_ground, {"comaker.rules.stake": "from __future__ import annotations\nimport comaker.words"}),
    (import_cycles, {"comaker.model": "from .load import load", "comaker.model.load": "import os"}),
    (many_positional, {"comaker.events": "def write(self, a, b, c, d, e, *, f, g): ..."}),
    (synonyms, {"comaker.events": "percent = recent = __members__.used"}),
    (synonyms, {"comaker.words": "INVESTOR = 'F7'"}),
    (dead_modules, {"comaker": "LATE = {'replay': 'comaker.replay'}", "comaker.replay": ""}),
    (undocumented, {"comaker.events": "def _write(): ...\ndef read():\n    'Read.'\n    def inner(): ..."}),
    (
        undocumented,
        {
            "comaker.ledger": "class A:\n    'A.'\n    def f(self): 'F.'\nclass B(A):\n    'B.'",
            "comaker.events": "import comaker.ledger as x\nclass C(x.B):\n    'C.'\n    def f(self): ...",
        },
    ),
    (places_named, {"README.md": "https://example.org/home/ann and ../data/x and --no-emit-index" + "-url"}),
]

HOUSE = read_house()
RULES = list(dict.fromkeys(rule for rule, _ in BAD if rule is not places_named))


def test_the_house_is_found() -> None:
    assert {"comaker.words", "comaker.rules.stake", "comaker.events"} <= HOUSE.keys()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_has_no(rule: Rule) -> None:
    complaints = rule(HOUSE)
    assert not complaints, "\n".join(["", *complaints])


@pytest.mark.parametrize(("rule", "sources"), BAD, ids=lambda value: getattr(value, "__name__", ""))
def test_a_bad_example_is_noticed(rule: Rule, sources: Sources) -> None:
    assert rule(sources) != []


@pytest.mark.parametrize(("rule", "sources"), GOOD, ids=lambda value: getattr(value, "__name__", ""))
def test_a_good_example_is_let_through(rule: Rule, sources: Sources) -> None:
    assert rule(sources) == []


def test_no_tracked_file_names_a_registry_or_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: which files are tracked is unknown")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    texts = {str(p.relative_to(ROOT)): p.read_text("utf-8", "replace") for p in paths if p.is_file()}
    assert texts, "git lists no file"
    complaints = places_named(texts)
    assert not complaints, "\n".join(["", *complaints])
