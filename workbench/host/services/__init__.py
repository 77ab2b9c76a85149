"""What the server offers: one module a service."""
