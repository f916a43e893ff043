"""The files that GitLab reads from a job as ``artifacts:reports``: one module a format, pure, text in and text out."""
