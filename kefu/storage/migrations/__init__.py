"""Steps from one schema to the next, run by `kefu.storage.migrate`."""
