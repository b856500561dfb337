"""See to it that the tests of Spark have a Java.

The one of JAVA_HOME, the PATH or /usr/lib/jvm; else Debian's headless runtime where we
are root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("openjdk-17-jre-headless", "openjdk-21-jre-headless", "default-jre-headless")


def there() -> bool:
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    homes += Path("/usr/lib/jvm").glob("*")
    return bool(shutil.which("java")) or any((home / "bin" / "java").exists() for home in homes)


def main() -> None:
    if there():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        quiet = {"env": env, "check": False, "stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update", "-qq"], **quiet)
        for package in PACKAGES:
            print(f"setup: installing {package} with apt-get", file=sys.stderr, flush=True)
            install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
            subprocess.run(install, **quiet)
            if there():
                return
    sys.exit(
        "setup: no Java for the tests of Spark. Install a headless runtime, 17 or newer, "
        f"such as {PACKAGES[0]}, or name one in JAVA_HOME."
    )


if __name__ == "__main__":
    main()
