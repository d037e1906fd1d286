"""`m3p diff`: what two versions of a dataset do not have in common."""
