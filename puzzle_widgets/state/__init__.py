"""The explorer's state: one object that widgets read and act upon."""
