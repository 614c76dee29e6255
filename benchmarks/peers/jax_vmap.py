"""JAX: the whole training compiled once, `vmap` over the members of a pack, `scan` over steps and epochs."""

import time
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.task import Size
from engine.training import Dataset

EPSILON = 1e-8


class Trials:
    """A pack of trainings; `run` trains from new weights, the first time after compiling."""

    def __init__(self, size: Size, dataset: Dataset, epochs: int, members: int) -> None:
        self.train = jax.jit(jax.vmap(_trial_of(size, dataset, epochs)))
        keys = jax.random.split(jax.random.key(0), members)
        rates, betas = jnp.full(members, 0.001), jnp.linspace(0.9, 0.899, members)
        self.arguments = keys, rates, betas, jnp.full(members, 0.999)

    def compile(self) -> float:
        """Returns the seconds it took, with one training."""
        start = time.perf_counter()
        self.run()
        return time.perf_counter() - start

    def run(self) -> None:
        self.train(*self.arguments).block_until_ready()


def _trial_of(size: Size, dataset: Dataset, epochs: int) -> Any:
    inputs, targets = jnp.asarray(dataset.train.inputs), jnp.asarray(dataset.train.targets)
    dev_inputs, dev_targets = jnp.asarray(dataset.dev.inputs), jnp.asarray(dataset.dev.targets)
    units = (dataset.features, *size.hidden_units, dataset.outputs)
    rows, full = len(targets), len(targets) // size.batch_size * size.batch_size

    def initial(key: Any) -> list[Any]:
        keys = jax.random.split(key, len(units) - 1)
        layers = zip(keys, units, units[1:], strict=False)
        return [(jax.random.normal(key, (a, b)) * jnp.sqrt(2 / a), jnp.zeros(b)) for key, a, b in layers]

    def logits_of(parameters: list[Any], a: Any) -> Any:
        for weights, biases in parameters[:-1]:
            a = jax.nn.relu(a @ weights + biases)
        weights, biases = parameters[-1]
        return a @ weights + biases

    def loss(parameters: list[Any], a: Any, y: Any) -> Any:
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits_of(parameters, a)), y[:, None], 1))

    def trial(key: Any, rate: Any, beta_1: Any, beta_2: Any) -> Any:
        def step(state: Any, batch: Any) -> tuple[Any, None]:
            parameters, first, second, t = state
            gradients = jax.grad(loss)(parameters, inputs[batch], targets[batch])
            first = jax.tree.map(lambda m, g: beta_1 * m + (1 - beta_1) * g, first, gradients)
            second = jax.tree.map(lambda v, g: beta_2 * v + (1 - beta_2) * g * g, second, gradients)
            t = t + 1
            c1, c2 = 1 - beta_1**t, 1 - beta_2**t
            parameters = jax.tree.map(
                lambda p, m, v: p - rate * (m / c1) / (jnp.sqrt(v / c2) + EPSILON), parameters, first, second
            )
            return (parameters, first, second, t), None

        def epoch(state: Any, key: Any) -> tuple[Any, Any]:
            order = jax.random.permutation(key, rows)
            state, _ = jax.lax.scan(step, state, order[:full].reshape(-1, size.batch_size))
            if full < rows:
                state, _ = step(state, order[full:])
            return state, jnp.mean(jnp.argmax(logits_of(state[0], dev_inputs), 1) != dev_targets)

        weights_key, order_key = jax.random.split(key)
        parameters = initial(weights_key)
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        _, errors = jax.lax.scan(epoch, (parameters, zeros, zeros, 0.0), jax.random.split(order_key, epochs))
        return errors

    return trial
