"""The one port: the stake endpoint in front, Django's pages behind it."""
