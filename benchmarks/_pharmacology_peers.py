"""The peers of ``pharmacology.py``, each in the words of its own manual.

Run by the Python of a virtual environment of its own, so none of these packages is a
requirement of ours: ``python _pharmacology_peers.py JOB.npz PEER PEOPLE``. The answer of
a peer is compared with the expected concentrations of the same people; what it took is
printed as JSON. Nothing of Evenkeel is imported here.

The job: rates (i, n, n), outputs (i, n, o), begin and length of the infusions in hours,
mg_per_h (i, infusions), step in hours, points, expected (few, o, points).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np

TOLERANCE = {"rtol": 1e-8, "atol": 1e-10}


def edges_of(job: Any) -> Any:
    """Times at which the rate changes, and by what share of a person's rate."""
    begin = job["begin"]
    return [(t, 1.0) for t in begin] + [(t + float(job["length"]), -1.0) for t in begin]


def scipy_lsoda(job: Any, people: int) -> Any:
    """solve_ivp with LSODA, begun anew at every change of the rate."""
    from scipy.integrate import solve_ivp

    times = np.arange(int(job["points"])) * float(job["step"])
    changes = sorted(edges_of(job))
    made = np.zeros((people, job["outputs"].shape[2], times.size))
    for i in range(people):
        matrix, state, rate = job["rates"][i], np.zeros(job["rates"].shape[1]), 0.0
        stops = [*(t for t, _ in changes[1:]), times[-1]]
        for (begin, sign), stop in zip(changes, stops, strict=True):
            rate += sign * job["mg_per_h"][i, 0]
            given = np.zeros(state.size)
            given[0] = rate
            inside = (times > begin) & (times <= stop)
            solved = solve_ivp(
                lambda _t, x, m=matrix, g=given: m @ x + g, (begin, stop), state,
                method="LSODA", t_eval=np.unique(np.append(times[inside], stop)),
                jac=lambda _t, _x, m=matrix: m, **TOLERANCE,
            )  # fmt: skip
            state = solved.y[:, -1]
            made[i][:, inside] = job["outputs"][i].T @ solved.y[:, : inside.sum()]
    return made


def scipy_expm(job: Any, people: int) -> Any:
    """One matrix exponential for the step, one for what lies beside the grid, then products."""
    from scipy.linalg import expm

    points, step = int(job["points"]), float(job["step"])
    made = np.zeros((people, job["outputs"].shape[2], points))
    n = job["rates"].shape[1]
    for i in range(people):
        whole = np.zeros((n + 1, n + 1))
        whole[:n, :n] = job["rates"][i]
        on = whole.copy()
        on[0, n] = job["mg_per_h"][i, 0]
        pass_off, pass_on = expm(whole * step), expm(on * step)
        length = float(job["length"])
        beside = length % step
        mixed = expm(whole * (step - beside)) @ expm(on * beside)
        state = np.zeros(n + 1)
        state[n] = 1.0
        begins = {round(t / step) for t in job["begin"]}
        full = int(length // step)
        ways = [pass_off] * points
        for k in begins:
            ways[k : k + full] = [pass_on] * full
            ways[k + full] = mixed
        out = job["outputs"][i].T
        for k in range(points):
            made[i, :, k] = out @ state[:n]
            state = ways[k] @ state
    return made


def jax_scan(job: Any, people: int) -> Callable[[], Any]:
    """The same by expm, scan and vmap, compiled before it is timed."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    points, step, length = int(job["points"]), float(job["step"]), float(job["length"])
    n, beside, full = job["rates"].shape[1], length % step, int(length // step)
    way = np.zeros(points, dtype=np.int32)
    for t in job["begin"]:
        k = round(t / step)
        way[k : k + full] = 1
        way[k + full] = 2
    expm = jax.scipy.linalg.expm

    def one(matrix: Any, outputs: Any, rate: Any) -> Any:
        off = jnp.zeros((n + 1, n + 1)).at[:n, :n].set(matrix)
        on = off.at[0, n].set(rate)
        mixed = expm(off * (step - beside)) @ expm(on * beside)
        ways = jnp.stack([expm(off * step), expm(on * step), mixed])

        def go(state: Any, which: Any) -> Any:
            return ways[which] @ state, outputs.T @ state[:n]

        return jax.lax.scan(go, jnp.zeros(n + 1).at[n].set(1.0), way)[1].T

    work = jax.jit(jax.vmap(one))
    rates, outputs = jnp.asarray(job["rates"][:people]), jnp.asarray(job["outputs"][:people])
    rate = jnp.asarray(job["mg_per_h"][:people, 0])
    return lambda: np.asarray(work(rates, outputs, rate).block_until_ready())


def roadrunner(job: Any, people: int) -> Callable[[], Any]:
    """SBML: a rate rule for each state, an event at each change of the rate; CVODE."""
    from roadrunner import RoadRunner

    n, points, step = job["rates"].shape[1], int(job["points"]), float(job["step"])
    math = 'xmlns="http://www.w3.org/1998/Math/MathML"'
    known = [(a, b) for a in range(n) for b in range(n) if job["rates"][0, a, b] != 0.0]
    text = ['<?xml version="1.0"?><sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" '
            'level="3" version="1"><model id="job"><listOfParameters>']  # fmt: skip
    names = [f"x{a}" for a in range(n)] + ["R", "rate"] + [f"k{a}_{b}" for a, b in known]
    text += [f'<parameter id="{name}" value="0" constant="false"/>' for name in names]
    text.append("</listOfParameters><listOfRules>")
    for a in range(n):
        terms = [
            f"<apply><times/><ci>k{a}_{b}</ci><ci>x{b}</ci></apply>" for c, b in known if c == a
        ]
        terms += ["<ci>R</ci>"] if a == 0 else []
        text.append(f'<rateRule variable="x{a}"><math {math}><apply><plus/>{"".join(terms)}'
                    "</apply></math></rateRule>")  # fmt: skip
    text.append("</listOfRules><listOfEvents>")
    for place, (t, sign) in enumerate(sorted(edges_of(job))):
        value = "<ci>rate</ci>" if sign > 0 else "<cn>0</cn>"
        text.append(
            f'<event id="e{place}" useValuesFromTriggerTime="true"><trigger initialValue="false" '
            f'persistent="true"><math {math}><apply><gt/><csymbol encoding="text" '
            'definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol>'
            f"<cn>{t!r}</cn></apply></math></trigger><listOfEventAssignments>"
            f'<eventAssignment variable="R"><math {math}>{value}</math></eventAssignment>'
            "</listOfEventAssignments></event>"
        )
    text.append("</listOfEvents></model></sbml>")
    model = RoadRunner("".join(text).replace("np.float64(", "").replace(")</cn>", "</cn>"))
    model.integrator.setValue("relative_tolerance", TOLERANCE["rtol"])
    model.integrator.setValue("absolute_tolerance", TOLERANCE["atol"])
    model.timeCourseSelections = [f"x{a}" for a in range(n)]

    def work() -> Any:
        made = np.zeros((people, job["outputs"].shape[2], points))
        for i in range(people):
            model.resetAll()
            for a, b in known:
                model.setValue(f"k{a}_{b}", float(job["rates"][i, a, b]))
            model.setValue("rate", float(job["mg_per_h"][i, 0]))
            model.setValue("R", float(job["mg_per_h"][i, 0]))  # the first infusion begins at 0
            made[i] = (
                job["outputs"][i].T @ np.asarray(model.simulate(0.0, (points - 1) * step, points)).T
            )
        return made

    return work


PEERS: dict[str, tuple[str, Callable[[Any, int], Any]]] = {
    "SciPy solve_ivp LSODA": ("scipy", lambda job, people: lambda: scipy_lsoda(job, people)),
    "SciPy expm": ("scipy", lambda job, people: lambda: scipy_expm(job, people)),
    "JAX expm, scan, vmap": ("jax", jax_scan),
    "libroadrunner CVODE": ("libroadrunner", roadrunner),
}


def main() -> None:
    job = dict(np.load(sys.argv[1]))
    distribution, prepare = PEERS[sys.argv[2]]
    few = job["expected"].shape[0]
    found = prepare(job, few)()
    peak = job["expected"].max(axis=2, keepdims=True)
    error = float((np.abs(found - job["expected"]) / peak).max())
    work = prepare(job, int(sys.argv[3]))
    work()
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"version": version(distribution), "error": error, "seconds": seconds}))


if __name__ == "__main__":
    main()
