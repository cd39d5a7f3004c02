"""Agents and customers for `kefu bench-desk`, in a process of their own."""
