"""Whether a dataset keeps the contract, looked at file by file and row by row. docs/inspect.md says what is checked."""
