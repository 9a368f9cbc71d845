"""How good a classifier is: in numbers, in one sentence of verdict, and in a report that stands alone.

Takes predictions that are handed to it; never imports torch, transformers or onnxruntime.
"""
