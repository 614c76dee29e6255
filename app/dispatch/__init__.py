"""From the queue to the workers and back. Keep this file without imports: every worker process loads it."""
