"""Other projects' own code on what is exported; see docs/export.md for how to run it."""
