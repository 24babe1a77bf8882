"""A person's walk through a delivered project: reads checks in English, does them in a browser, says what was seen.

It is an independent judge. It gets the words of a check, the words of the message and a running project with the demo account of
its README, and never looks at plan, ledger or sources.
"""
