"""Parts of ``bench/host.py``: the site to be stormed, the peers, and the load."""
