"""An outside helpdesk: it is told of handoffs, and its people answer the customers."""
