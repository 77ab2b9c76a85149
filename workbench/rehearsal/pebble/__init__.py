"""The pebble that knows profiles, as Let's Encrypt does: found in the cache, or built."""
