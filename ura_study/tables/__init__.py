"""Tables of a study: one model of a table, and what each kind of table shows."""
