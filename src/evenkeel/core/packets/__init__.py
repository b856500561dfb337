"""Packets for those who pay: what is asked, what is known, where from, what is missing.

In: a payer pack, facts, verdicts, trials, scores. Out: one plain object that a page
and a sheet of paper draw alike. Nothing here fills a gap, and no value stands
without its origin. A packet decides nothing about care.
"""
