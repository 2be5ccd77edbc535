"""The words of a model file and what each may hold, one file a subject."""
