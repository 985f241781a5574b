"""The text of a CSV as people and programs save it."""

from pathlib import Path

from inventory_env.errors import InputError


def read_csv_text(file: Path) -> tuple[str, str]:
    """The text, and what separates its columns: the most frequent of comma, semicolon and tab in
    the header.

    Raises:
        InputError: if the file cannot be read, is empty, or is no text.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{file}: not a CSV file in UTF-8") from None
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from None
    if not text.strip():
        raise InputError(f"{file}: the file is empty")
    if "\0" in text:
        raise InputError(f"{file}: not a CSV file, it has binary content")
    return text, max(",;\t", key=text.split("\n", 1)[0].count)
