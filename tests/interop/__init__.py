"""Other projects' own code on what is handed over; see docs/export.md for how to run it."""
