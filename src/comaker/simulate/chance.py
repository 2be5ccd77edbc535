"""Which decision a random number belongs to: one number a decision, never reused, never renumbered.

Adding a decision appends a number, so that it moves nobody's luck in the decisions that were there before.
"""

NETWORK = 0
WEEK = 1
# 2 was given up.
SOCIALIZE = 3
CHOOSE = 4
TAKE_PART = 5
WISH = 6
TASTE = 7
TURN = 8
APPEAL = 9
SALES = 10
HYPE = 11
OPTION = 12
VOTE = 13
TRAIT_ACTIVITY = 20
TRAIT_CLARITY = 21
TRAIT_ABILITY = 22
TRAIT_WILLINGNESS = 23
TRAIT_LEARNING = 24
TRAIT_KIND = 25
