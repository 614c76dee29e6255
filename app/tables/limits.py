"""How large a table may be. Each limit is checked as early as it can be, so that a refusal costs little."""

MAX_ROWS = 1_000_000  # a pack passes over all training rows in every epoch: beyond this a study takes days
MAX_COLUMNS = 4_096  # each is listed in the dataset's description, which every reader of the dataset gets
# Cells of a CSV file. Measured at the limit, with 20 columns: 0.5 GB of memory and 10 s for numbers or categories;
# 2.2 GB and 55 s until the table is refused, if each cell is another text.
MAX_CELLS = 20_000_000
MAX_ENCODED_CELLS = 60_000_000  # 240 MB as float32; 70,000 images of 28 × 28 are 55 million
MAX_EXPANDED_BYTES = 2**29  # of an NPZ file's arrays: 60 million float64, and their target
MIN_ROWS = 10  # the default split then leaves at least two rows for dev and for test
# More texts than this in one column are nearly always names, ids, dates or sentences, of which one-hot
# inputs learn nothing that holds for new rows.
MAX_CATEGORIES = 100
MAX_CLASSES = 200  # more classes than this are nearly always an id, or measured numbers
MAX_INFERRED_CLASSES = 20  # grades, ratings and digits are classes; whole numbers with more values are amounts
# Beyond this a number is a mistake or a marker for "missing"; its square would still fit float64.
MAX_MAGNITUDE = 1e30
# Training rows lie within √rows standard deviations of their mean, so within 1,000. A dev or test row
# further out than this is wrong, and its squared error would come near the end of float32.
MAX_DEVIATIONS = 1e9
