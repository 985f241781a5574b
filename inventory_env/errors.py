"""The one error for bad input; the command line turns it into one line and exit code 2."""


class InputError(ValueError):
    """Input that cannot be used. The message names file, field, value and what is allowed."""
