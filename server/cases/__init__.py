"""The case file: parties, papers, timeline, clocks."""
