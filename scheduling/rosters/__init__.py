"""When departments and sub-centres are there, and who of them."""
