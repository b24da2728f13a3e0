"""Typed endpoints and every route."""
