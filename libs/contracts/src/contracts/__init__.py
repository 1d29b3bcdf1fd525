"""Every message of Tickmark, defined once: events, commands, envelope, subjects, ids.

The ground floor. It imports pydantic and nothing of ours; everything else imports it.
"""
