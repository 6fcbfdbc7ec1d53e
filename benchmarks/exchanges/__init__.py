"""Measured exchanges of data between Spark and Ray: the contestants, and what times them alike."""
