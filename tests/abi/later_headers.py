#!/usr/bin/env python3
"""The headers as a later minor may have them: each struct that may grow has one more field, and the minor is one higher.

    later_headers.py INCLUDE_DIR OUT_DIR
"""
import re
import sys
from pathlib import Path

GROWS = re.compile(r"(struct \w+ \{[^{}]*?\buint32_t size\b[^{}]*?)(\n\} ?\w*;)")


def main(include, out):
    grown = 0
    for page in sorted(Path(include, "relance").rglob("*.h")):
        text, count = GROWS.subn(r"\1\n  uint64_t later_field;\2", page.read_text())
        text = re.sub(r"(#define RELANCE_ABI_MINOR )(\d+)", lambda m: m[1] + str(int(m[2]) + 1), text)
        grown += count
        target = Path(out, page.relative_to(include))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    print(f"{grown} structs grown")
    return 0 if grown > 30 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
