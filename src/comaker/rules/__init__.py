"""Every decision of a business model, and nothing else.

Plain functions of integers (money in minor units, shares, seconds, parts per million): no clock, no
randomness, no input or output. A site calls them as they are, a simulation compiles the same objects, a
replay runs them over a recorded log, so that the rule that was simulated is the rule that ships.
"""
