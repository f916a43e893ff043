"""What proves records, from bytes alone. These modules are also shipped, joined into one file, in every bundle that
``audit export`` makes: they import Python's standard library and each other, nothing else, and run on Python 3.9.
"""
