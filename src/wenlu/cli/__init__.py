"""The command line: thin doors. Each command imports what it needs when it runs, so that `--help` is instant."""
