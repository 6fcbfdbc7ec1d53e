"""How many idle workers a Ray node of the tests keeps.

By default, a node ends the workers that it has beyond its CPUs after a second without a task. Most
nodes of the tests have one CPU, and each start of a worker takes two seconds of CPU.
"""

KEPT = ("RAY_num_workers_soft_limit", "6")
"""An environment variable of the node, and its value."""
