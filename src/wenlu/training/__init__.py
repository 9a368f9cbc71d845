"""One loop for every model; what differs is handed in."""
