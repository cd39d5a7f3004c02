"""The processes of one machine: what is started, in which environment, and whether it is well."""
