"""`kefu calibrate`: thresholds of the decision, chosen from data and prices."""
