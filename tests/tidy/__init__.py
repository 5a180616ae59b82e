"""The rules that no linter has: what is dangerous here, found with the standard library's `ast`."""
