#!/usr/bin/env python3
"""What changed in the plugin interface since its first release, by abidiff; only appending is allowed.

    compare.py BEFORE.so NOW.so REPORT     writes abidiff's whole report to REPORT
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

USAGE_ERROR = 1 | 2  # bits of abidiff's exit status; 4 says "changed", 8 "changed in a way that breaks every caller"
FORBIDDEN = re.compile(r"\[D\]|deletion|offset changed|Removed function|size changed from \d+ to \d+ .*\bin array\b")
SIZE = re.compile(r"type size changed from (\d+) to (\d+)")
INSERTED = re.compile(r"'(.+)', at offset (\d+) \(in bits\)")


def faults(report):
    found = [line.strip() for line in report.splitlines() if FORBIDDEN.search(line)]
    size_before = None
    for line in report.splitlines():
        if match := SIZE.search(line):
            size_before = int(match[1])
            if int(match[2]) < size_before:
                found.append(f"a struct became smaller: {line.strip()}")
        elif "type size hasn't changed" in line:
            size_before = None
        elif (match := INSERTED.search(line)) and (size_before is None or int(match[2]) < size_before):
            found.append(f"not at the end: {line.strip()}")
    return found


def selftest():
    good = "type size changed from 64 to 128 (in bits)\n 'int x', at offset 64 (in bits) at a.h:1:1"
    assert not faults(good), faults(good)
    for bad in (good.replace("offset 64", "offset 32"), "type size changed from 64 to 32 (in bits)",
                "1 data member deletion:", "'int a' offset changed from 0 to 32 (in bits)"):
        assert faults(bad), bad


def main(before, now, report_file):
    selftest()
    if shutil.which("abidiff") is None:
        print("all of this suite skipped: abidiff is not installed (package abigail-tools)")
        return 0
    run = subprocess.run(["abidiff", before, now], capture_output=True, text=True, check=False)
    if run.returncode & USAGE_ERROR:
        print(f"abidiff could not compare: {run.stderr}{run.stdout}")
        return 1
    Path(report_file).parent.mkdir(parents=True, exist_ok=True)
    Path(report_file).write_text(run.stdout)
    inserted = [match[1] for line in run.stdout.splitlines() if (match := INSERTED.search(line))]
    found = faults(run.stdout)
    for fault in found:
        print(f"not allowed: {fault}")
    print(f"since the first release: {len(inserted)} fields appended, {len(found)} changes that are not allowed; {report_file}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
