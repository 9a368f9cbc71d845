"""Pages and drawings from values: HTML, inline SVG, numbers as people write them. Knows nothing of what is drawn."""
