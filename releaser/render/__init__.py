"""Printers: the same result as text, Markdown or JSON."""
