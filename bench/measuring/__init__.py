"""The heavy tables of ``comaker.measure`` by hand for other tools, and logs of any length to try them on."""
