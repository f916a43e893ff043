"""Verdicts of evaluation for people and machines: a terminal, a merge request, CI, a page, JSON."""
