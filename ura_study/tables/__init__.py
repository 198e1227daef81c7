"""Tables of a study: one data model for all tables, and the content of each kind of table."""
