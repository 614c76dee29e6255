"""From an uploaded file to a dataset's folder, in the order of the way.

A CSV file becomes a table by its lines (layout) and cells (reading, cells), an NPZ file by its entries (npz) and arrays
(arrays). From then on both go the same way: what is to be learnt (target), which rows go where (splitting), numbers
(encoding), pixels (images), the folder (files).

`ingest.py` walks this way for an uploaded file and `samples.py` for the sample data. Every complaint is an
`InvalidInput` whose pointer names the form field: /file, /target, /task, /split, /split_seed, /split_column or
/image_shape.
"""
