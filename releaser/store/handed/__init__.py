"""The shell around ``core/proof`` that a bundle carries as ``verify.py``: standard library only, Python 3.9."""
