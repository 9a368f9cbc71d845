"""What everything stands on: errors, component tables, strict specs, text records, progress."""
