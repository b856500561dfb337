"""Predicates asked of a table in one query, beside the walk of one person after another."""

from __future__ import annotations

from tests.support.predicates import WORDS

from evenkeel.core.guidelines.predicates.evaluate import evaluate
from evenkeel.core.guidelines.predicates.tree import read_predicate
from evenkeel.core.guidelines.tables.conditions import condition
from evenkeel.core.guidelines.tables.logic import column
from evenkeel.core.guidelines.tables.packs import joined_words, select

TRUTH = {1: True, 0: False, None: None}


def asked(registry, texts):
    """One query for several predicates: answer, deciding and missing facts of each."""
    wanted = {}
    for place, text in enumerate(texts):
        told = condition(read_predicate(text, WORDS), registry.table)
        wanted[f"{place} value"] = told.value
        wanted[f"{place} deciding"] = joined_words(told.deciding)
        wanted[f"{place} missing"] = joined_words(told.missing)
    facts = select(registry.columns, "registry", star=False)
    return select({"id": column("id"), **wanted}, facts, star=False).order_by(column("id"))


def differing(rows, texts, everybody):
    """Where a query and the walk say different things of one person."""
    differ = []
    predicates = [read_predicate(text, WORDS) for text in texts]
    for row, facts in zip(rows, everybody, strict=True):
        for place, (text, predicate) in enumerate(zip(texts, predicates, strict=True)):
            value, deciding, missing = row[1 + 3 * place : 4 + 3 * place]
            outcome = evaluate(predicate, facts)
            walked = (outcome.value, set(outcome.deciding), set(outcome.missing))
            if walked != (TRUTH[value], set(deciding.split()), set(missing.split())):
                differ.append((text, dict(facts.by_name), outcome, row[1 + 3 * place :][:3]))
    return differ
