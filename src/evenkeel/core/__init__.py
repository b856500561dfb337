"""The pure core: clinical questions and their answers.

Nothing below this package looks at a clock, a network, a database or a disk
(its own content reader in ``kernel.content`` excepted). Time is told.
"""
