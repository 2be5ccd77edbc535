"""Parts of ``bench/crash.py``: the site that crashes, power cuts, kills."""
