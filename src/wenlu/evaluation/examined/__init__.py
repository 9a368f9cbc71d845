"""An examination as a page: its words in three languages, its sections, and the report of `wenlu model evaluate`."""
