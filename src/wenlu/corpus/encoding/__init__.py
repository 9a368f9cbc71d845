"""Which encoding a file is in. Looks at the whole file, and never guesses silently."""

from wenlu.corpus.encoding.doctor import Candidate, Findings, detect, examine

__all__ = ["Candidate", "Findings", "detect", "examine"]
