"""Other projects' own code on what is handed over; see docs/hand-over.md for how to run it."""
