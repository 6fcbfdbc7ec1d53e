"""Transfers between Spark and Ray: Arrow data that stays in memory."""
