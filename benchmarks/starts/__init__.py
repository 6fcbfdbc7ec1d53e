"""Measures starts of Ray on Spark: the contestants, and the code that times them."""
