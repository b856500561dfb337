"""Criteria and packs as SQL expressions, for a whole registry at once.

The same trees that ``evaluate`` walks for one patient become sqlglot expressions,
which DuckDB and Spark are both written from. Nothing here opens a file or runs a
query: ``evenkeel.edges.tables`` does.

``numbers`` and ``logic`` put expressions together, ``conditions`` compiles a predicate,
``packs`` a pack, ``registry`` says which columns of a table are which facts and what
must hold of them, ``scenario`` what is supposed.
"""
