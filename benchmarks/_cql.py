"""The peer of screening: the npm package cql-execution, on the same criteria.

Our predicates are written as ELM, the tree that a CQL translator would give; each
criterion becomes one definition that is true, false or null. cql-execution says neither
which facts are missing nor who must judge, so it is asked for less than we are.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from evenkeel.core.guidelines.packs.packs import Pack
from evenkeel.core.guidelines.predicates.tree import (
    And,
    Compare,
    FactRef,
    IsKnown,
    Literal,
    Node,
    Not,
    OneOf,
    Or,
)
from evenkeel.core.guidelines.terms.values import Facts, Range, Value

PEER = "cql-execution"
VERSION = "3.3.2"
FOLDER = Path(__file__).resolve().parents[1] / "var" / "peers" / "cql"
_TYPES = "{urn:hl7-org:elm-types:r1}"
_OPERATORS = {
    "=": "Equal", "<": "Less", "<=": "LessOrEqual", ">": "Greater", ">=": "GreaterOrEqual",
}  # fmt: skip


def install() -> str | None:
    """Install the peer; gives why it cannot be had, or None."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "there is no node and npm on the PATH"
    if (FOLDER / "node_modules" / PEER).exists():
        return None
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "package.json").write_text('{"private": true}\n')
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", f"{PEER}@{VERSION}"],
        cwd=FOLDER, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return None if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def elm(node: Node) -> dict[str, Any]:
    """One predicate as ELM. CASE is left out: CQL takes an unknown condition for false."""
    match node:
        case FactRef(name):
            return {"type": "Property", "path": f"f_{name}",
                    "source": {"type": "ExpressionRef", "name": "Patient"}}  # fmt: skip
        case Literal(value):
            return _literal(value)
        case Not(of):
            return {"type": "Not", "operand": elm(of)}
        case And(parts):
            return {"type": "And", "operand": [elm(part) for part in parts]}
        case Or(parts):
            return {"type": "Or", "operand": [elm(part) for part in parts]}
        case IsKnown(name):
            return {"type": "Not", "operand": {"type": "IsNull", "operand": elm(FactRef(name))}}
        case Compare("<>", left, right):
            return {"type": "Not", "operand": elm(Compare("=", left, right))}
        case Compare(op, left, right):
            return {"type": _OPERATORS[op], "operand": [elm(left), elm(right)]}
        case OneOf(left, values):
            listed = {"type": "List", "element": [_literal(value) for value in values]}
            return {"type": "In", "operand": [elm(left), listed]}
    raise ValueError(f"{type(node).__name__} has no equal in ELM")


def _literal(value: Value) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"type": "Literal", "valueType": f"{_TYPES}Boolean", "value": str(value).lower()}
    if isinstance(value, Range):
        return {"type": "Literal", "valueType": f"{_TYPES}Decimal", "value": str(value.exact)}
    return {"type": "Literal", "valueType": f"{_TYPES}String", "value": str(value)}


def library(pack: Pack) -> dict[str, Any]:
    """A pack as an ELM library: one definition per criterion, and whether it refuses."""
    definitions: list[dict[str, Any]] = []

    def define(name: str, expression: dict[str, Any]) -> None:
        definitions.append({"name": name, "context": "Patient", "accessLevel": "Public",
                            "expression": expression})  # fmt: skip

    define("Patient", {"type": "SingletonFrom", "operand": {
        "type": "Retrieve",
        "dataType": "{https://github.com/cqframework/cql-execution/simple}Patient"}})  # fmt: skip
    for each in pack.criteria:
        applies = elm(each.applies_when) if each.applies_when is not None else None
        if each.require is None:
            true = _literal(True)
            said = true if applies is None else {"type": "Or", "operand": [
                {"type": "Not", "operand": applies}, applies]}  # fmt: skip
            define(each.id, said)
        elif applies is None:
            define(each.id, elm(each.require))
        else:
            define(each.id, {"type": "Or", "operand": [
                {"type": "Not", "operand": applies}, elm(each.require)]})  # fmt: skip
    musts = [each.id for each in pack.criteria if each.counts and each.strength == "must"]
    refusing = [{"type": "Not", "operand": {"type": "ExpressionRef", "name": name}}
                for name in musts]  # fmt: skip
    define("refused", {"type": "Or", "operand": refusing})
    return {"library": {
        "identifier": {"id": "Pack", "version": "1"},
        "schemaIdentifier": {"id": "urn:hl7-org:elm", "version": "r1"},
        "usings": {"def": [{"localIdentifier": "System", "uri": "urn:hl7-org:elm-types:r1"}]},
        "statements": {"def": definitions},
    }}  # fmt: skip


def patient(number: int, facts: Facts) -> dict[str, Any]:
    """Facts as the object that a patient source of cql-execution hands out."""
    told: dict[str, Any] = {"id": str(number), "recordType": "Patient"}
    for name, fact in facts.by_name.items():
        value = fact.value
        told[f"f_{name}"] = float(value.exact or 0) if isinstance(value, Range) else value
    return told


_SCRIPT = """
const cql = require('cql-execution');
const fs = require('fs');
const {library, patients, runs} = JSON.parse(fs.readFileSync(process.argv[2]));
const executor = new cql.Executor(new cql.Library(library), new cql.CodeService({}));
async function once() {
  const source = new cql.PatientSource(patients.map(each => ({...each})));
  const start = process.hrtime.bigint();
  const result = await executor.exec(source);
  return [Number(process.hrtime.bigint() - start) / 1e9, result.patientResults];
}
(async () => {
  let told = (await once())[1];
  const seconds = [];
  for (let n = 0; n < runs; n++) seconds.push((await once())[0]);
  const plain = (key, value) => key === 'Patient' ? undefined : value;
  console.log(JSON.stringify({seconds, told}, plain));
})();
"""


def run(
    pack: Pack, patients: list[dict[str, Any]], runs: int
) -> tuple[list[float], dict[str, Any]]:
    """Seconds of each run over all patients after a warm one, and what was said of each."""
    (FOLDER / "run.js").write_text(_SCRIPT)
    call = FOLDER / "call.json"
    call.write_text(json.dumps({"library": library(pack), "patients": patients, "runs": runs}))
    done = subprocess.run(["node", "run.js", str(call)], cwd=FOLDER, capture_output=True,
                          text=True, check=True)  # fmt: skip
    told = json.loads(done.stdout)
    return told["seconds"], told["told"]
