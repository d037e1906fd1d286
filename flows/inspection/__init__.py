"""`m3p inspect`: what is in a dataset, a shard or a checkpoint, for people and for machines."""
