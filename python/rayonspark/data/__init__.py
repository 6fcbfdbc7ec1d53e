"""Data between Spark and Ray, as Arrow, without leaving memory."""
