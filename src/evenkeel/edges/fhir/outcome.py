"""What the FHIR door answers: OperationOutcome, response Bundle, CapabilityStatement."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from evenkeel.core.chart import Fault, Problem


def refused(faults: Iterable[Fault]) -> dict[str, Any]:
    """An OperationOutcome with one error for each fault."""
    return _outcome([_issue("error", fault.code, fault.words, fault.path) for fault in faults])


def kept(problems: Iterable[Problem]) -> dict[str, Any]:
    """What was kept but not understood; one piece of information when there is nothing."""
    issues = [
        _issue("warning", "not-supported", problem.text, problem.path) for problem in problems
    ]
    return _outcome(
        issues or [_issue("information", "informational", "Everything was understood.", "")]
    )


def response(
    kind: str, entries: Iterable[tuple[str, str]], problems: Iterable[Problem], status: str
) -> dict[str, Any]:
    """The answer to an accepted bundle.

    kind: the type of the bundle that came; entries: (location, status line) of each kept
    resource; the first entry lists what was not understood.
    """
    outcome = {"resource": kept(problems), "response": {"status": status}}
    return {
        "resourceType": "Bundle",
        "type": "transaction-response" if kind == "transaction" else "batch-response",
        "entry": [
            outcome,
            *({"response": {"status": line, "location": location}} for location, line in entries),
        ],
    }


def capability(now: str, version: str) -> dict[str, Any]:
    """What this door does: it takes a bundle, and nothing else."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": now,
        "kind": "instance",
        "software": {"name": "Evenkeel", "version": version},
        "implementation": {"description": "Takes referrals of one person as a bundle"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "POST a Bundle of type transaction, collection or document that "
                "holds one Patient and that person's record. Nothing can be read, changed or "
                "deleted here.",
                "security": {"description": "Authorization: Bearer and a token of the clinic"},
                "interaction": [{"code": "transaction"}],
            }
        ],
    }


def _outcome(issues: list[dict[str, Any]]) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": issues}


def _issue(severity: str, code: str, words: str, path: str) -> dict[str, Any]:
    issue: dict[str, Any] = {"severity": severity, "code": code, "diagnostics": words}
    if path:
        issue["expression"] = [path]
    return issue
