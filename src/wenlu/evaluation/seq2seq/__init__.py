"""How good a model from text to text is: measured, compared with the trivial, judged and reported."""
