"""The figures: how well customers are understood and served, computed from what was recorded."""
