"""Why one way to an engine is closed."""


class EngineUnavailable(Exception):
    """One way to get an engine isn't possible here; the message is part of a sentence."""
