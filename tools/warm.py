"""Compile the kernels of the simulation, so that no user waits for it.

Run by tools/bootstrap.py with the Python of .venv. What fits already stays; what is of older
sources goes.
"""

from __future__ import annotations

from evenkeel.core.pharmacology.kernels.compiled import make_all


def main() -> None:
    for name in make_all():
        print(name, flush=True)


if __name__ == "__main__":
    main()
