"""Calendar messages and files: written, sent by mail, and what comes back read with care."""
