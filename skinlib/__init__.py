"""skinlib: a reproducible companion to a paper on skin-lesion classification.

Importing the package is cheap: Keras and its backend are imported only when a
model is built. This is research code, not a medical device.
"""

__version__ = "0.1.0"
