"""``python -m evenkeel.core.pharmacology.kernels``: compile them for this processor, so that
no user waits for it. ``1/4`` behind it: the second of four processes that share the work.

Run by tools/bootstrap.py, and by whoever installs a wheel where users may not write.
What fits already stays; what is of older sources goes.
"""

from __future__ import annotations

import sys

from evenkeel.core.pharmacology.kernels.compiled import make_all

if __name__ == "__main__":
    part, _, parts = (sys.argv[1:] or ["0/1"])[0].partition("/")
    for name in make_all(int(part), int(parts)):
        print(name, flush=True)
