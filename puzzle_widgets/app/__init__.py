"""The served app: a Voila server on this machine and the page it shows."""
