"""How good a language model is: measured, compared with counting, judged and reported."""
