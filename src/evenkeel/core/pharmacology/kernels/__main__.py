"""``python -m evenkeel.core.pharmacology.kernels``: compile them for this processor, so that
no user waits for it.

Run by tools/bootstrap.py, and by whoever installs a wheel where users may not write.
What fits already stays; what is of older sources goes.
"""

from __future__ import annotations

from evenkeel.core.pharmacology.kernels.compiled import make_all

if __name__ == "__main__":
    for name in make_all():
        print(name, flush=True)
