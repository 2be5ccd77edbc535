"""The site of a declared business model: customers take part, money is shared to the last minor unit.

Django, its accounts and its admin are libraries; what is ours is one writer (``writer/``), through which
every contribution goes, and pages that show what it wrote.
"""
