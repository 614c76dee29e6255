"""From a CSV file to a dataset's folder, in the order of the way: its lines (layout), its cells (reading, cells),
what is to be learnt (target), which rows go where (splitting), numbers (encoding), the folder (files).

`ingest.py` walks this way for an uploaded table and `samples.py` for the sample data. Every complaint is an
`InvalidInput` whose pointer names the form field: /file, /target, /task, /split, /split_seed or /split_column.
"""
