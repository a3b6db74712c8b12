"""Figures in one style, from arrays and frames; no file access of their own."""
