"""What is given, and what becomes of it in the body.

Packages, each standing on those below it: ``shown``, ``individuals``, ``populations``,
``profiles``, ``doses``, ``library``, ``systems``, ``kernels``.
"""
