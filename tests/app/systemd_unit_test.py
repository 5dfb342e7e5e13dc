#!/usr/bin/env python3
"""config/systemd/relanced.service is a unit that systemd takes without a complaint, with the program of this build in it."""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

if shutil.which("systemd-analyze") is None:
    print("all of this suite skipped: systemd-analyze is not installed")
    sys.exit(0)
unit = (Path(os.environ["RELANCE_SOURCE_DIR"]) / "config/systemd/relanced.service").read_text()
program = Path(os.environ["RELANCE_BUILD_DIR"]) / "bin/relanced"
assert "ExecStart=/usr/bin/relanced " in unit and "Type=notify" in unit
with tempfile.TemporaryDirectory(prefix="relance-unit-") as folder:
    file = Path(folder) / "relanced.service"
    file.write_text(unit.replace("/usr/bin/relanced", str(program)).replace("Documentation=file:///usr/share/doc/relance/", "Documentation=file:///"))
    done = subprocess.run(["systemd-analyze", "verify", file], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    # Faults of other units of the machine are not ours.
    ours = [line for line in done.stdout.splitlines() if "relanced" in line]
    print("\n".join(ours) or "systemd takes the unit")
    sys.exit(1 if ours else 0)
