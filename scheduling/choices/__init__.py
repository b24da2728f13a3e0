"""What people are asked to choose by one tap; wishes, kept places and waiting lists."""
