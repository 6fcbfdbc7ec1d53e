"""Measures transfers between Spark and Ray: the contestants, and the code that times them."""
