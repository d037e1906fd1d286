"""The embedded world's search log: queries with the dirt of real life, clicks, pages, and pictures as found."""
