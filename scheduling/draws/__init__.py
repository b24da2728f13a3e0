"""Places drawn by lot where many ask: points, a seed promised beforehand, a result anybody can recompute."""
