"""See to it that the browser tests have a browser.

One on the PATH; else Debian's chromium where we are root; else Playwright's own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def on_path() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def playwrights_own() -> bool:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


def main() -> None:
    if os.environ.get("EVENKEEL_BROWSER") or on_path() or playwrights_own():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("setup: installing chromium with apt-get", file=sys.stderr, flush=True)
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
        for command in (["apt-get", "update", "-qq"], install):
            subprocess.run(command, env=env, check=False, stdout=subprocess.DEVNULL)
        if on_path():
            return
    print("setup: installing Playwright's chromium", file=sys.stderr, flush=True)
    done = subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if done.returncode:
        sys.exit(
            "setup: no browser for the browser tests. Install chromium, "
            "or name one in EVENKEEL_BROWSER."
        )


if __name__ == "__main__":
    main()
