"""How fast Parfocal is, always as a ratio against a peer or a floor in the same run. Not part of the tests.

`make bench` runs them all.
"""

import os

# One thread for each library, before any of them is loaded: a core is what is compared.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[_name] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
