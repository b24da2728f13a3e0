"""Persons, accounts, memberships, sign-in and consents."""
