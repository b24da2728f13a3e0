"""When resources are free, why not, and when several are free together: arithmetic on bits."""
