"""The sealed artifact: everything needed to answer as the trained model did, and the means to prove it.

Only `bundle.export` imports torch; the rest is what a light service stands on.
"""
