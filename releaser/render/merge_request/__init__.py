"""The comment in a merge request: facts of its jobs, as sections, as Markdown in which nothing acts."""
