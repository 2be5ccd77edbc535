"""``python -m comaker`` is the command ``comaker``."""

from comaker.cli import main

if __name__ == "__main__":
    main()
