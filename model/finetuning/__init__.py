"""Fine-tuning, a module a task: which texts it trains on, and what a step asks of the network."""
