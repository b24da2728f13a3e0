"""Whose turn it is over a period: the problem, two ways to solve it, and what a roster is worth."""
