"""Papers: a typst template, plain data, our own fonts; out comes a tagged PDF.

No tables, no requests, no clock: the same data give the same bytes.
"""
