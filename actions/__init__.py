"""Custom actions, one module per skill; each says what happens, the work is in `kefu`."""
