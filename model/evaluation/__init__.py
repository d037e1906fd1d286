"""Evaluation, a module a task: what the network is asked, and how its answers are measured."""
