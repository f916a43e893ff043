"""Evaluation: suites are run here, and what came of them is judged."""
