"""The web console of agents and operators."""
