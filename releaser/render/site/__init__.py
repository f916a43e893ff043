"""The static history pages: what stands where, what happened, the notes of every release."""
