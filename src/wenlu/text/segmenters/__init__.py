"""One segmenter a file."""
