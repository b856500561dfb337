"""The append-only, hash-chained log of every act. It knows nobody else's tables.

``from evenkeel.web.ledger import append as ledger; ledger.append("…", …)``.
"""
