"""Measured starts of Ray on Spark: the contestants, and what is needed to time them alike."""
