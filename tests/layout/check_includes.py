#!/usr/bin/env python3
"""Holds the tree to its floors by reading every #include of host/, plugins/ and sdk/.

The rules are the floors of docs/architecture.md: includes point down, neighbours on one floor do not know each other,
plugins know only the SDK and plugins/protocol, the SDK knows nothing, heavy headers stay out of headers, and
host/domain does no I/O and reads no clock. check_includes_selftest.py proves that each rule catches its offence.

    check_includes.py [ROOT]        prints file:line: what is wrong, why; exit 1 when something is
"""
import re
import sys
from pathlib import Path

FLOORS = {"base": 0, "domain": 1, "store": 2, "config": 2, "channel": 3, "render": 3, "intake": 3, "evidence": 3,
          "engine": 4, "api": 5, "console": 5, "app": 6}
# Who speaks the plugin contract: the channel folder loads plugins, the floors above hand its messages on.
SDK_USERS = {"channel", "engine", "api", "console", "app"}
HEADER_SUFFIXES = {".hpp", ".h", ".hh", ".ipp"}
SOURCE_SUFFIXES = HEADER_SUFFIXES | {".cpp", ".cc", ".c"}

# Costs seconds in every unit that sees them: they belong into .cpp files, behind forward declarations or a pimpl.
HEAVY = {
    "Boost.Asio": re.compile(r"boost/asio(/|\.hpp)"),
    "Boost.Beast": re.compile(r"boost/beast(/|\.hpp)"),
    "Boost.JSON": re.compile(r"boost/json(/|\.hpp)"),
    "spdlog": re.compile(r"spdlog/"),
    "toml++": re.compile(r"toml(\+\+|plusplus)(/|\.h)|toml\.hpp"),
    "libcurl": re.compile(r"curl/"),
    "GMime": re.compile(r"gmime"),
    "Pango, Cairo": re.compile(r"pango/|cairo"),
    "libtiff": re.compile(r"tiffio"),
    "date/tz.h": re.compile(r"date/tz\.h"),
}
# Forward declarations that the library itself ships are light.
LIGHT = re.compile(r"boost/json/fwd\.hpp|spdlog/fwd\.h|boost/beast/core/.*_fwd\.hpp|toml\+\+/.*fwd.*")
# path of the header -> {name in HEAVY: why it may}.
HEAVY_ALLOWED: dict[str, dict[str, str]] = {}

DOMAIN_IO_HEADERS = re.compile(
    r"(fstream|iostream|cstdio|stdio\.h|filesystem|thread|random|boost/(asio|beast|filesystem|process)(/|\.hpp).*"
    r"|sys/.*|unistd\.h|fcntl\.h|sqlite3\.h|SQLiteCpp/.*|spdlog/.*|curl/.*|toml\+\+/.*|openssl/rand\.h)$")
DOMAIN_IMPURE_CODE = re.compile(
    r"\b\w*_clock::now\b|\bWallClock\b|\b(?:std::)?time\s*\(\s*(?:nullptr|NULL|0|&)|\bgettimeofday\b|\bclock_gettime\b"
    r"|\bgetenv\b|\brandom_device\b|\bthis_thread\b")

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.S)


def code_only(text):
    """The text with comments and string literals blanked out; line numbers stay."""
    return NOISE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def comments_blanked(text):
    """Comments blanked, strings kept: an #include in a comment is none."""
    return NOISE.sub(lambda m: m.group() if m.group().startswith('"') else re.sub(r"[^\n]", " ", m.group()), text)


def check_weight(path, parts, include):
    if path.suffix in HEADER_SUFFIXES and not LIGHT.fullmatch(include):
        for name, pattern in HEAVY.items():
            if pattern.match(include) and name not in HEAVY_ALLOWED.get("/".join(parts), {}):
                yield f"<{include}>: {name} is heavy; include it in the .cpp, forward-declare or hide it here"


def check_host(path, parts, include, quoted):
    here = parts[1] if len(parts) > 2 else None
    if here not in FLOORS:
        yield f"host/{parts[1]} is on no floor: add it to FLOORS in tests/layout/check_includes.py"
        return
    target = include.split("/")
    if target[0] == "host":
        there = target[1]
        if there not in FLOORS:
            yield f'"{include}" is on no floor'
        elif there != here and FLOORS[there] > FLOORS[here]:
            yield f'"{include}" points up: floor {FLOORS[here]} ({here}) may not know floor {FLOORS[there]} ({there})'
        elif there != here and FLOORS[there] == FLOORS[here]:
            yield f'"{include}" is a neighbour: folders of floor {FLOORS[here]} do not include each other'
    elif target[0] == "plugins":
        yield f'"{include}": host/ never includes plugins/, it loads them'
    elif target[0] == "sdk":
        yield f'"{include}": the SDK is included as <relance/...>'
    elif target[0] == "tests":
        yield f'"{include}": the product never includes its tests'
    elif target[0] == "relance":
        if here not in SDK_USERS:
            yield f"<{include}>: {here} does not speak the plugin contract (only {', '.join(sorted(SDK_USERS))})"
    elif quoted:
        yield f'"{include}" is not written from the tree\'s root ("host/{here}/..."); foreign headers go in <>'
    if here == "domain" and DOMAIN_IO_HEADERS.match(include):
        yield f"<{include}>: host/domain is pure, it does no I/O"


def check_plugin(parts, include, quoted):
    here = parts[1]
    target = include.split("/")
    if target[0] == "host":
        yield f'"{include}": plugins/ never includes host/'
    elif target[0] == "tests":
        yield f'"{include}": the product never includes its tests'
    elif target[0] == "sdk":
        yield f'"{include}": the SDK is included as <relance/...>'
    elif target[0] == "plugins":
        if target[1] not in (here, "protocol"):
            yield f'"{include}": plugin {here} knows only itself, plugins/protocol and the SDK'
    elif quoted:
        yield f'"{include}" is not written from the tree\'s root ("plugins/{here}/..."); foreign headers go in <>'


def check_sdk(root, path, include, quoted):
    if include.split("/")[0] in ("host", "plugins", "tests"):
        yield f'"{include}": the SDK includes nothing of the tree'
    elif quoted and (root / "sdk").resolve() not in (path.parent / include).resolve().parents:
        yield f'"{include}" leads out of sdk/'


def check_file(root, path):
    """Yields (line, complaint) for one file."""
    parts = path.relative_to(root).parts
    text = path.read_text(encoding="utf-8", errors="replace")
    for match in INCLUDE.finditer(comments_blanked(text)):
        include, quoted = match.group(1) or match.group(2), match.group(1) is not None
        line = text.count("\n", 0, match.start(1) if quoted else match.start(2)) + 1
        if parts[0] == "host":
            complaints = check_host(path, parts, include, quoted)
        elif parts[0] == "plugins":
            complaints = check_plugin(parts, include, quoted)
        else:
            complaints = check_sdk(root, path, include, quoted)
        for complaint in (*complaints, *check_weight(path, parts, include)):
            yield line, complaint
    if parts[:2] == ("host", "domain"):
        code = code_only(text)
        for match in DOMAIN_IMPURE_CODE.finditer(code):
            line = code.count("\n", 0, match.start()) + 1
            yield line, f"{match.group().strip()}: host/domain reads no clock, no environment and no randomness; take it as an argument"


def check_tree(root):
    """Returns (files read, ["path:line: complaint", ...])."""
    files = [path for top in ("host", "plugins", "sdk") for path in sorted((root / top).rglob("*"))
             if path.suffix in SOURCE_SUFFIXES and path.is_file() and "build" not in path.relative_to(root).parts]
    complaints = [f"{path.relative_to(root)}:{line}: {complaint}" for path in files for line, complaint in check_file(root, path)]
    for allowed in HEAVY_ALLOWED:
        if not (root / allowed).exists():
            complaints.append(f"{allowed}: is in HEAVY_ALLOWED but not in the tree")
    return len(files), complaints


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()
    count, complaints = check_tree(root)
    print("\n".join(complaints) if complaints else f"{count} files keep to their floors")
    if count == 0:
        print(f"no source below {root}: a check of nothing is no check")
    return 1 if complaints or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
