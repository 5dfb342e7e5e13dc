#!/usr/bin/env python3
"""docs/openapi.yaml publishes exactly the paths and methods of the table in host/api/routes.cpp, and refers to nothing missing.

Reads both as text (no YAML library needed): a path is a line of two spaces and a slash, its methods are indented by four."""
import re
import sys
from pathlib import Path

root = Path(sys.argv[1])
served = set(re.findall(r'\{"(GET|POST|PUT|DELETE)",\s*"(/v1/[^"]*)"', (root / "host/api/routes.cpp").read_text()))
yaml = (root / "docs/openapi.yaml").read_text()

published, path = set(), None
for line in yaml.split("\ncomponents:")[0].splitlines():
    if match := re.match(r"  (/\S+):$", line):
        path = match.group(1)
    elif match := re.match(r"    (get|post|put|delete):", line):
        published.add((match.group(1).upper(), path))

faults = [f"{method} {path} is served and not in docs/openapi.yaml" for method, path in sorted(served - published)]
faults += [f"{method} {path} is in docs/openapi.yaml and not served" for method, path in sorted(published - served)]

section, defined = None, set()
for line in yaml.split("\ncomponents:")[1].splitlines():
    if match := re.match(r"  (\w+):$", line):
        section = match.group(1)
    elif match := re.match(r"    (\w+):", line):
        defined.add(f"#/components/{section}/{match.group(1)}")
referred = set(re.findall(r'\$ref: "([^"]+)"', yaml))
faults += [f"{name} is referred to and not defined" for name in sorted(referred - defined)]
faults += [f"{name} is defined and nobody refers to it" for name in sorted(defined - referred)]
for operation in re.findall(r"operationId: (\w+)", yaml):
    if yaml.count(f"operationId: {operation}\n") + yaml.count(f"operationId: {operation},") != 1:
        faults.append(f"operationId {operation} stands twice")

print("\n".join(faults) or f"{len(served)} operations, {len(defined)} components: as served")
if len(served) < 30:
    faults.append("the table of routes could not be read")
sys.exit(1 if faults else 0)
