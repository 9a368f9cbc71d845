"""How good a model of numbers is: in figures with intervals, in one sentence of verdict, and in a report."""
