"""The style of every HTML page: one column of text, light and dark, for a phone, a desk and paper."""

STYLE = """
:root{color-scheme:light dark}
body{margin:0;font:1rem/1.55 system-ui,sans-serif}
.page{max-width:60rem;margin:0 auto;padding:1rem}
"""
