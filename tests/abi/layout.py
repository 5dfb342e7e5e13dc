#!/usr/bin/env python3
"""The binary interface, fact by fact, held against what was released: each struct's size, each field's offset and type,
each constant's value, on every machine that the host is built for. Only appending is allowed.

    layout.py INCLUDE_DIR           compares with layout-1.0.txt and layout-next.txt beside this file
    layout.py INCLUDE_DIR --print   writes the facts

A released list is sealed by its hash and never edited. What a coming minor adds stands in layout-next.txt; when it is
released, that file becomes layout-1.N.txt and gets a seal of its own.
"""
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEALS = {"layout-1.0.txt": "12c5dfe1a8dbaddd21cd044585a3f20197337f3c6c62a3b186bb54a3c863b8a2"}
NEXT = "layout-next.txt"
TARGETS = ("x86_64-linux-gnu", "aarch64-linux-gnu", "riscv64-linux-gnu")
CLANG = "clang-19"
HEADERS = "#include <relance/evidence.h>\n#include <relance/http.h>\n#include <relance/plugin.h>\n"
OPEN = {"RELANCE_ABI_MINOR"}  # goes up with every minor
KINDS = ("struct", "field", "value", "text", "function")


def clang(include, source, *options):
    run = subprocess.run([CLANG, "-x", "c", "-std=c11", f"-I{include}", *options, "-"], input=source, capture_output=True,
                         text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"the headers do not compile: {run.stderr}")
    return run.stdout


def declared(include):
    """Structs with their fields, and functions, in the order of the source."""
    structs, functions = {}, {}
    for node in json.loads(clang(include, HEADERS, "-fsyntax-only", "-Xclang", "-ast-dump=json"))["inner"]:
        name = node.get("name", "")
        if not name.startswith("relance_"):
            continue
        if node["kind"] == "RecordDecl" and node.get("completeDefinition"):
            structs[name] = [(f["name"], f["type"]["qualType"]) for f in node["inner"] if f["kind"] == "FieldDecl"]
        elif node["kind"] == "FunctionDecl":
            functions[name] = node["type"]["qualType"]
    return structs, functions


def constants(include):
    for line in clang(include, HEADERS, "-E", "-dM").splitlines():
        if match := re.fullmatch(r"#define (RELANCE_[A-Z0-9_]+) (.+)", line):
            name, meaning = match.groups()
            if name not in OPEN and not meaning.startswith(("__attribute__", "extern", "}")):
                yield name, meaning.startswith('"')


def facts(include):
    structs, functions = declared(include)
    named = sorted(constants(include))
    program = HEADERS + "#include <stdio.h>\nint main(void) {\n"
    for name, fields in structs.items():
        growth = "grows" if fields[0] == ("size", "uint32_t") else "frozen"
        program += (f'  printf("struct {name} {growth} %zu %zu\\n", sizeof(struct {name}), _Alignof(struct {name}));\n')
        for field, kind in fields:
            place = f"offsetof(struct {name}, {field}), sizeof((({'struct ' + name} *)0)->{field})"
            program += f'  printf("field {name}.{field} %zu %zu {kind}\\n", {place});\n'
    for name, is_text in named:
        program += f'  printf("{"text" if is_text else "value"} {name} {"%s" if is_text else "%lld"}\\n", ' \
                   f'{"" if is_text else "(long long)"}({name}));\n'
    program += "".join(f'  printf("function {name} {kind}\\n");\n' for name, kind in functions.items()) + "}\n"
    with tempfile.TemporaryDirectory() as folder:
        binary = Path(folder) / "facts"
        clang(include, program, "-o", str(binary))
        return subprocess.run([binary], capture_output=True, text=True, check=True).stdout.splitlines()


def asserted(lines):
    """The same facts as C, for machines whose programs do not run here."""
    source = HEADERS
    for line in lines:
        kind, name, *rest = line.split(" ", 4)
        if kind == "struct":
            source += f'_Static_assert(sizeof(struct {name}) == {rest[1]}, "{name}");\n'
        elif kind == "field":
            struct, field = name.split(".")
            source += f'_Static_assert(offsetof(struct {struct}, {field}) == {rest[0]}, "{name}");\n'
        elif kind == "value":
            source += f'_Static_assert(({name}) == {rest[0]}LL, "{name}");\n'
    return source


def keyed(lines):
    table = {}
    for line in lines:
        kind, name, rest = line.split(" ", 2)
        assert kind in KINDS and (kind, name) not in table, line
        table[kind, name] = rest
    return table


def place_of(rest):
    offset, size, kind = rest.split(" ", 2)
    return int(offset), int(size), kind


def faults(released, coming, present):
    """What is not allowed; `released` and `coming` are lists of lines, `present` what the headers say."""
    old, new, now, found = keyed(released), keyed(coming), keyed(present), []
    named_later = set()  # fields `zero` that have got a name

    def stands(struct, rest):
        """The present field at that very place."""
        return next((key for key, value in now.items()
                     if key[0] == "field" and key[1].startswith(struct + ".") and value == rest), None)

    for (kind, name), rest in old.items():
        is_now = now.get((kind, name))
        if kind == "struct" and rest.startswith("grows") and is_now is not None:
            was, has = rest.split(), is_now.split()
            if has[0] != "grows" or int(has[1]) < int(was[1]) or has[2] != was[2]:
                found.append(f"changed: {kind} {name} was {rest}, is {is_now}")
        elif is_now != rest:
            key = stands(name.split(".")[0], rest) if kind == "field" and name.endswith(".zero") else None
            if is_now is None and key is not None:
                named_later.add(key)
            else:
                found.append(f"{'changed' if is_now else 'removed'}: {kind} {name} was {rest}" +
                             (f", is {is_now}" if is_now else ""))
    for (kind, name), rest in now.items():
        if (kind, name) in old:
            continue
        if new.get((kind, name)) != rest:
            found.append(f"new, and not in {NEXT}: {kind} {name} {rest}")
        if kind == "field" and (kind, name) not in named_later:
            struct = old.get(("struct", name.split(".")[0]))
            if struct is not None and (struct.startswith("frozen") or place_of(rest)[0] < int(struct.split()[1])):
                found.append(f"inserted, not appended: {kind} {name} {rest}")
    found += [f"in {NEXT}, and not in the headers: {' '.join(key)}" for key in new if key not in now]
    return found


def selftest(released):
    """A changed, a removed and an inserted line of the real list fail; an appended one passes once it is listed."""
    def edited(before, after):
        assert before in released, before
        return [line for old in released for line in ([old] if old != before else after)]

    size = next(line for line in released if line.startswith("struct relance_recall grows"))
    grown = size.replace(f" {size.split()[3]} ", f" {int(size.split()[3]) + 8} ")
    more = f"field relance_recall.later {size.split()[3]} 8 int64_t"
    named = "field relance_recall.flags 4 4 uint32_t"
    bad = {
        "moved": edited("field relance_recall.token 8 8 relance_token", ["field relance_recall.token 16 8 relance_token"]),
        "of another type": edited("field relance_recall.token 8 8 relance_token", ["field relance_recall.token 8 8 int64_t"]),
        "removed": edited("value RELANCE_RECALL_UNKNOWN 3", []),
        "of another value": edited("value RELANCE_RECALL_UNKNOWN 3", ["value RELANCE_RECALL_UNKNOWN 4"]),
        "smaller": edited(size, [size.replace(f" {size.split()[3]} ", " 8 ")]),
        "in the middle": edited(size, [size, "field relance_recall.later 16 8 int64_t"]),
        "in a frozen struct": edited("struct relance_str frozen 16 8", ["struct relance_str frozen 24 8",
                                                                        "field relance_str.later 16 8 int64_t"]),
        "the entry": edited("function relance_plugin_v1 const relance_plugin *(uint32_t)", []),
    }
    for what, present in bad.items():
        listed = [line for line in present if line not in released and line.startswith("field")]
        assert faults(released, listed, present), f"{what}: not seen"
    appended = edited(size, [grown, more])
    assert faults(released, [], appended), "not listed: not seen"
    assert not faults(released, [more], appended), faults(released, [more], appended)
    zero = edited("field relance_recall.zero 4 4 uint32_t", [named])
    assert not faults(released, [named], zero), faults(released, [named], zero)
    assert faults(released, [more], released), "listed, and not there: not seen"


def main(include, *options):
    present = facts(include)
    if options == ("--print",):
        print("\n".join(present))
        return 0
    released, found = [], []
    for name, seal in SEALS.items():
        text = (HERE / name).read_bytes()
        if hashlib.sha256(text).hexdigest() != seal:
            found.append(f"{name} was edited: what is released stays as it is")
        released += text.decode().splitlines()
    coming = (HERE / NEXT).read_text().splitlines() if (HERE / NEXT).exists() else []
    selftest(released)
    found += faults(released, coming, present)
    for target in TARGETS:
        clang(include, asserted(present), f"--target={target}", "-ffreestanding", "-fsyntax-only")
    for fault in found:
        print(f"not allowed: {fault}")
    print(f"{len(present)} facts on {', '.join(TARGETS)}: {len(released)} released, {len(coming)} coming, "
          f"{len(found)} changes that are not allowed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
