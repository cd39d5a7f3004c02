"""What can be measured of the running service, for people, for alerts and for Prometheus."""
