#!/usr/bin/env python3
"""Reads CTest's JUnit files for scripts/test: what failed or was skipped in one preset, or the closing line over all.

    test_summary.py --preset NAME FILE     names each failure with the end of its output, and each skipped one
    test_summary.py --total FOLDER         FOLDER/*.xml and FOLDER/broken (a failed step a line); exit 1 on any failure
"""
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

OUTPUT_LINES_MAX = 60


def read(path):
    """[(name, passed|failed|skipped, output)] of one JUnit file; [] when there is none."""
    if not path.exists():
        return []
    outcome = {"run": "passed", "fail": "failed", "notrun": "skipped", "disabled": "skipped"}
    cases = []
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        status = outcome.get(case.get("status"), "failed")
        # CTest also says "notrun" of a test whose program is missing: that is a failure, not a choice.
        skipped = case.find("skipped")
        if status == "skipped" and case.get("status") == "notrun" and skipped is not None and "SKIP_" not in (skipped.get("message") or ""):
            status = "failed"
        cases.append((case.get("name"), status, case.findtext("system-out") or ""))
    return cases


def show(preset, path):
    cases = read(path)
    for name, status, output in cases:
        if status == "failed":
            print(f"--- {preset}: {name} FAILED")
            print("\n".join(output.splitlines()[-OUTPUT_LINES_MAX:]))
        elif status == "skipped":
            reason = next((line for line in output.splitlines() if "skipped:" in line), "skipped")
            print(f"test: {preset}: {name}: {reason.strip()}")
    counts = {status: sum(case[1] == status for case in cases) for status in ("passed", "failed", "skipped")}
    print(f"test: {preset}: " + ", ".join(f"{count} {status}" for status, count in counts.items()))


def total(folder):
    cases = [case for path in sorted(folder.glob("*.xml")) for case in read(path)]
    broken = (folder / "broken").read_text().splitlines() if (folder / "broken").exists() else []
    for what in broken:
        print(f"test: FAILED: {what}")
    counts = {status: sum(case[1] == status for case in cases) for status in ("passed", "failed", "skipped")}
    counts["failed"] += len(broken)
    print(", ".join(f"{count} {status}" for status, count in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    if sys.argv[1] == "--preset":
        show(sys.argv[2], Path(sys.argv[3]))
    else:
        sys.exit(total(Path(sys.argv[2])))
