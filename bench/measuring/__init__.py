"""The heavy tables of ``comaker.measure`` written by hand for other tools, and logs of any length to try them on."""
