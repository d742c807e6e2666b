"""The vocabulary every room shares: frozen values, no behaviour beyond their own meaning, no imports from other rooms.

identity   who asks, and of which database
statement  what was asked, and in which session state
footprint  what a statement touches
decision   what policy answers
event      what the audit log writes down
change     issues: statements that wait for another person
errors     the failures that cross rooms
"""
