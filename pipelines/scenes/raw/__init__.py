"""The embedded world as files, in the layouts in which users bring theirs."""
