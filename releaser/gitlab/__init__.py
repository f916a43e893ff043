"""The door to GitLab: what its REST API says and takes, and what its CI tells a job."""
