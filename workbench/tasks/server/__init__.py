"""The running server: reached, followed, started, stopped, and asked."""
