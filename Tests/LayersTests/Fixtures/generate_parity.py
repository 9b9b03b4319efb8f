#!/usr/bin/env python3
"""Makes the parity fixtures of three test targets with PyTorch.

    python3 Tests/LayersTests/Fixtures/generate_parity.py

needs torch 2.13 (CPU build), numpy and safetensors. It writes, for both precisions,
`layers`, `recurrent` and `embeddings` beside itself, `head` into Tests/QuantileModelsTests/Fixtures,
and `optimizers` and `schedules` into Tests/QuantileTrainingTests/Fixtures, each as
`<name>.f64.safetensors` and `<name>.f32.safetensors` (schedules: double precision only), with a
`versions.json` in every folder.

Names inside a file: `<case>/<role>/<tensor>`, role being
  input      what enters: data, parameters, initial states (single precision: the rounded doubles)
  fixed      what enters and has no derivative: indices, lengths, masks, edges
  output     what leaves
  cotangent  the fixed random weights C of the scalar loss, sum over the outputs of sum(output * C)
  gradient   the derivative of that loss with respect to each `input`
Single-precision outputs and gradients are computed in single precision throughout.
Layouts are Tenor's: weights are [in, out], where PyTorch stores [out, in].
"""

import json
import math
import pathlib
import platform
import zlib

import numpy
import safetensors
import safetensors.torch
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

SEED = 20_130_517
LAYERS = pathlib.Path(__file__).resolve().parent
MODELS = LAYERS.parent.parent / "QuantileModelsTests" / "Fixtures"
TRAINING = LAYERS.parent.parent / "QuantileTrainingTests" / "Fixtures"
PRECISIONS = {"f64": torch.float64, "f32": torch.float32}

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def draw(name):
    """A stream of its own for every name, so that adding a case changes no other."""
    return numpy.random.default_rng([SEED, zlib.crc32(name.encode())])


class Recorder:
    """Collects the tensors of many cases in one precision."""

    def __init__(self, dtype):
        self.dtype = dtype
        self.tensors = {}

    def case(self, name, inputs, function, fixed=None):
        """Runs `function(**inputs, **fixed)`, a dictionary of outputs, and its derivative."""
        leaves = {
            key: torch.tensor(value, dtype=torch.float64).to(self.dtype).requires_grad_()
            for key, value in inputs.items()
        }
        constants = {}
        for key, value in (fixed or {}).items():
            tensor = torch.as_tensor(value)
            constants[key] = tensor.to(self.dtype) if tensor.is_floating_point() else tensor
        outputs = function(**leaves, **constants)
        loss = torch.zeros((), dtype=self.dtype)
        for key, value in outputs.items():
            cotangent = torch.tensor(draw(f"{name}/{key}").standard_normal(tuple(value.shape)))
            cotangent = cotangent.to(self.dtype)
            loss = loss + (value * cotangent).sum()
            self.put(name, "output", key, value)
            self.put(name, "cotangent", key, cotangent)
        loss.backward()
        for key, value in leaves.items():
            self.put(name, "input", key, value)
            self.put(name, "gradient", key, value.grad)
        for key, value in constants.items():
            self.put(name, "fixed", key, value)

    def put(self, case, role, key, value):
        value = value.detach().clone().contiguous()
        if not value.is_floating_point():
            value = value.to(torch.int64)
        elif value.dtype != self.dtype:
            raise TypeError(f"{case}/{role}/{key} is {value.dtype}")
        self.tensors[f"{case}/{role}/{key}"] = value

    def save(self, path):
        # One text only: the library writes several in random order.
        metadata = {"generator": f"generate_parity.py, seed {SEED}"}
        safetensors.torch.save_file(self.tensors, path, metadata=metadata)


# Layers


def layers(record):
    random = draw("layers")
    normal = lambda *shape: random.standard_normal(shape)

    record.case(
        "dense",
        {"x": normal(5, 7), "weight": normal(7, 4), "bias": normal(4)},
        lambda x, weight, bias: {"y": functional.linear(x, weight.T, bias)},
    )
    record.case(
        "layer_norm",
        {"x": 3 * normal(6, 9) + 1, "gain": 1 + 0.3 * normal(9), "bias": normal(9)},
        lambda x, gain, bias: {"y": functional.layer_norm(x, (9,), gain, bias, eps=1e-5)},
    )
    record.case(
        "embedding",
        {"table": normal(7, 5)},
        lambda table, indices: {"y": functional.embedding(indices, table)},
        {"indices": numpy.array([0, 3, 3, 6, 1, 3, 0, 5, 2])},
    )

    # The grid reaches both saturated ends; ReLU's corner at zero is left out.
    grid = numpy.concatenate([numpy.linspace(-7, 7, 48), [-60.0, -25, -12, 12, 25, 60]])
    activations = {
        "gelu": lambda x: functional.gelu(x),
        "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
        "silu": functional.silu,
        # PyTorch's default threshold of 20 replaces softplus by x, off by 2e-9 there.
        "softplus": lambda x: functional.softplus(x, threshold=45),
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
    }
    for name, function in activations.items():
        record.case(name, {"x": grid}, lambda x: {"y": function(x)})

    record.case(
        "dropout_evaluation",
        {"x": normal(4, 6)},
        lambda x: {"y": functional.dropout(x, p=0.4, training=False)},
    )

    # Pre-activation residual block: x + W2 gelu(W1 norm(x) + b1) + b2.
    record.case(
        "residual_block",
        {
            "x": normal(5, 6),
            "gain": 1 + 0.2 * normal(6),
            "offset": 0.2 * normal(6),
            "weight1": normal(6, 8) / 2,
            "bias1": 0.3 * normal(8),
            "weight2": normal(8, 6) / 3,
            "bias2": 0.3 * normal(6),
        },
        lambda x, gain, offset, weight1, bias1, weight2, bias2: {
            "y": x
            + functional.linear(
                functional.gelu(
                    functional.linear(
                        functional.layer_norm(x, (6,), gain, offset, eps=1e-5), weight1.T, bias1
                    )
                ),
                weight2.T,
                bias2,
            )
        },
    )

    # Dense, LayerNorm, GELU, Dense: the block order of the benchmark networks.
    record.case(
        "sequence",
        {
            "x": normal(6, 5),
            "weight1": normal(5, 8) / 2,
            "bias1": 0.3 * normal(8),
            "gain": 1 + 0.2 * normal(8),
            "offset": 0.2 * normal(8),
            "weight2": normal(8, 3) / 3,
            "bias2": 0.3 * normal(3),
        },
        lambda x, weight1, bias1, gain, offset, weight2, bias2: {
            "y": functional.linear(
                functional.gelu(
                    functional.layer_norm(
                        functional.linear(x, weight1.T, bias1), (8,), gain, offset, eps=1e-5
                    )
                ),
                weight2.T,
                bias2,
            )
        },
    )

    pinball_cases(record)


def pinball_cases(record):
    """Mean over rows and levels of max(tau (y - q), (tau - 1) (y - q)).

    With weights w by row and l_i a row's mean over the levels: sum_i w_i l_i / sum_i w_i.
    """
    random = draw("pinball")
    rows, levels = 16, numpy.arange(1, 20) / 20
    forecast = numpy.sort(random.standard_normal((rows, 19)), axis=1)

    def losses(forecast, label, levels):
        error = label[:, None] - forecast
        return torch.maximum(levels * error, (levels - 1) * error)

    fixed = {
        "label": random.standard_normal(rows),
        "levels": levels,
        "weight": random.uniform(0.1, 3, rows),
    }
    plain = {key: fixed[key] for key in ("label", "levels")}
    record.case(
        "pinball",
        {"forecast": forecast},
        lambda forecast, label, levels: {"loss": losses(forecast, label, levels).mean()},
        plain,
    )
    record.case(
        "pinball_weighted",
        {"forecast": forecast},
        lambda forecast, label, levels, weight: {
            "loss": (weight * losses(forecast, label, levels).mean(1)).sum() / weight.sum()
        },
        fixed,
    )


# The head


def head(record):
    """Raw number `median` is that level's quantile; those beside it are steps outward, nearest
    first, through softplus."""

    def non_crossing(raw, median):
        steps = functional.softplus(raw, threshold=45)
        centre = raw[:, median : median + 1]
        down = centre - torch.cumsum(steps[:, :median].flip(1), 1).flip(1)
        up = centre + torch.cumsum(steps[:, median + 1 :], 1)
        return {"quantiles": torch.cat([down, centre, up], 1)}

    random = draw("head")
    for name, levels, median in [("standard", 19, 9), ("lopsided", 5, 1), ("upper", 3, 0)]:
        record.case(
            name,
            {"raw": 2 * random.standard_normal((6, levels))},
            lambda raw: non_crossing(raw, median),
        )


# Recurrent layers


def recurrent(record):
    """nn.LSTM and nn.GRU, batch first; gates i, f, g, o and r, z, n, in blocks of columns.

    Parameters of layer l: input_weight_l [in, gates * hidden], recurrent_weight_l
    [hidden, gates * hidden], input_bias_l and recurrent_bias_l [gates * hidden]. States are
    [layer, batch, hidden]. In the `packed` cases outputs past a row's length are zero, and the
    final states are those at each row's own last step.
    """
    batch, time, width, hidden = 3, 5, 4, 3
    for kind, gates in [("lstm", 4), ("gru", 3)]:
        for depth in (1, 2):
            for lengths in (None, [3, 5, 1]):
                name = f"{kind}_{depth}" + ("_packed" if lengths else "")
                random = draw(name)
                inputs = {
                    "x": random.standard_normal((batch, time, width)),
                    "hidden": 0.5 * random.standard_normal((depth, batch, hidden)),
                }
                if kind == "lstm":
                    inputs["cell"] = 0.5 * random.standard_normal((depth, batch, hidden))
                for layer in range(depth):
                    rows = width if layer == 0 else hidden
                    shapes = {
                        "input_weight": (rows, gates * hidden),
                        "recurrent_weight": (hidden, gates * hidden),
                        "input_bias": (gates * hidden,),
                        "recurrent_bias": (gates * hidden,),
                    }
                    for key, shape in shapes.items():
                        inputs[f"{key}_{layer}"] = 0.6 * random.standard_normal(shape)
                fixed = {"lengths": numpy.array(lengths)} if lengths else {}
                record.case(name, inputs, recurrent_function(kind, depth, width, hidden), fixed)


def recurrent_function(kind, depth, width, hidden_width):
    torch_names = {
        "input_weight": "weight_ih_l",
        "recurrent_weight": "weight_hh_l",
        "input_bias": "bias_ih_l",
        "recurrent_bias": "bias_hh_l",
    }

    def run(x, hidden, cell=None, lengths=None, **parameters):
        module = {"lstm": nn.LSTM, "gru": nn.GRU}[kind](
            width, hidden_width, num_layers=depth, batch_first=True, dtype=x.dtype
        )
        values = {}
        for key, value in parameters.items():
            stem, layer = key.rsplit("_", 1)
            values[torch_names[stem] + layer] = value.T if value.dim() == 2 else value
        state = hidden if cell is None else (hidden, cell)
        data = x
        if lengths is not None:
            data = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        y, final = functional_call(module, values, (data, state))
        if lengths is not None:
            y, _ = pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])
        if cell is None:
            return {"y": y, "final_hidden": final}
        return {"y": y, "final_hidden": final[0], "final_cell": final[1]}

    return run


# Numerical embeddings, members, attention pooling


def embeddings(record):
    random = draw("embeddings")
    normal = lambda *shape: random.standard_normal(shape)

    # Members with their own signs on the input, scale on the output, and bias, sharing one weight:
    # y_k = ((x_k * r_k) W) * s_k + b_k.
    members, batch, width, out = 3, 4, 5, 6
    record.case(
        "batch_ensemble",
        {
            "x": normal(members, batch, width),
            "input_scale": numpy.sign(normal(members, width)),
            "weight": normal(width, out),
            "output_scale": 1 + 0.2 * normal(members, out),
            "bias": normal(members, out),
        },
        lambda x, input_scale, weight, output_scale, bias: {
            "y": (x * input_scale[:, None]) @ weight * output_scale[:, None] + bias[:, None]
        },
    )

    # The small form: signs on the shared input only, a shared network, a head for each member.
    # One row of x becomes `members` rows.
    def shared_network(x, signs, weight1, bias1, weight2, bias2, head_weight, head_bias):
        stacked = x[None] * signs[:, None]
        stacked = torch.relu(stacked @ weight1 + bias1)
        stacked = torch.relu(stacked @ weight2 + bias2)
        return {"y": torch.einsum("kbi,kio->kbo", stacked, head_weight) + head_bias[:, None]}

    record.case(
        "member_heads",
        {
            "x": normal(batch, width),
            "signs": numpy.sign(normal(members, width)),
            "weight1": normal(width, 7) / 2,
            "bias1": 0.3 * normal(7),
            "weight2": normal(7, 7) / 2,
            "bias2": 0.3 * normal(7),
            "head_weight": normal(members, 7, 3) / 2,
            "head_bias": normal(members, 3),
        },
        shared_network,
    )

    # Code of x: one number a bin, clamp((x - e_i) / (e_{i+1} - e_i), 0, 1); then each feature's
    # own matrix [bins, width], features side by side, plus one bias. Features have 4, 2 and 1 bins;
    # some values lie outside the outer edges, none on an edge.
    edges = {
        "edges_0": numpy.array([-2.0, -0.7, 0.1, 0.4, 1.9]),
        "edges_1": numpy.array([0.0, 0.25, 3.0]),
        "edges_2": numpy.array([-1.0, 1.0]),
    }

    def piecewise_linear(x, weight_0, weight_1, weight_2, bias, edges_0, edges_1, edges_2):
        codes, parts = [], []
        for j, (edge, weight) in enumerate(
            zip((edges_0, edges_1, edges_2), (weight_0, weight_1, weight_2))
        ):
            value = x[:, j : j + 1]
            code = torch.clamp((value - edge[:-1]) / (edge[1:] - edge[:-1]), 0, 1)
            codes.append(code)
            parts.append(code @ weight)
        return {"code": torch.cat(codes, 1), "y": torch.cat(parts, 1) + bias}

    record.case(
        "piecewise_linear",
        {
            "x": 1.6 * normal(9, 3),
            "weight_0": normal(4, 5),
            "weight_1": normal(2, 5),
            "weight_2": normal(1, 5),
            "bias": normal(15),
        },
        piecewise_linear,
        edges,
    )

    # Periodic embedding: v = 2 pi c_j x_j, [cos v, sin v] W_j + b_j for each feature j, features
    # kept apart: [batch, feature, width]; with ReLU behind it in the second case.
    def periodic(x, frequency, weight, bias):
        angle = 2 * math.pi * frequency * x[..., None]
        waves = torch.cat([torch.cos(angle), torch.sin(angle)], -1)
        return {"y": torch.einsum("bfi,fio->bfo", waves, weight) + bias}

    features, frequencies, out = 3, 4, 5
    values = {
        "x": normal(6, features),
        "frequency": 0.5 * normal(features, frequencies),
        "weight": normal(features, 2 * frequencies, out) / 2,
        "bias": normal(features, out),
    }
    record.case("periodic", values, periodic)
    record.case("periodic_relu", values, lambda **v: {"y": torch.relu(periodic(**v)["y"])})

    # Attention pooling: one learned query q, scores s_t = x_t . q / sqrt(width), softmax over the
    # steps whose mask is 1, output sum_t a_t x_t. A row with no step gives zeros.
    def attention_pooling(x, query, mask=None):
        scores = x @ query / math.sqrt(x.shape[2])
        if mask is None:
            return {"y": torch.einsum("bt,btd->bd", torch.softmax(scores, 1), x)}
        some = mask.any(1)
        # The empty row's scores are replaced before the softmax: its derivative would be NaN.
        shown = torch.where(some[:, None], mask.bool(), True)
        attention = torch.softmax(scores.masked_fill(~shown, -math.inf), 1)
        pooled = torch.einsum("bt,btd->bd", attention, x)
        return {"y": torch.where(some[:, None], pooled, 0)}

    values = {"x": normal(4, 5, 6), "query": normal(6)}
    record.case("attention_pooling", values, attention_pooling)
    mask = numpy.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [0, 1, 0, 1, 1], [0, 0, 0, 0, 0]])
    record.case("attention_pooling_masked", values, attention_pooling, {"mask": mask})


# Optimizers and schedules

STEPS = 50
SNAPSHOTS = [1, 2, 5, 20, 50]


def gradient_sequence():
    """The gradients of a small network on batches of 8, along a run of its own, in doubles.

    Every optimizer case is fed this same sequence, whatever parameters it has reached, so that
    a case tests the update rule alone. Both clipping limits bind at some steps and not at others.
    """
    random = draw("gradient_sequence")
    data = torch.tensor(random.standard_normal((STEPS, 8, 4)))
    start = [0.7 * random.standard_normal(shape) for shape in ((4, 3), (3,), (3, 1))]
    parameters = [torch.tensor(value, requires_grad=True) for value in start]
    weight, bias, out = parameters
    sequence = []
    for x in data:
        y = torch.sin(x.sum(1, keepdim=True)) + 0.5 * x[:, :1] ** 2
        loss = ((torch.tanh(x @ weight + bias) @ out - y) ** 2).mean()
        gradients = torch.autograd.grad(loss, parameters)
        sequence.append([gradient.clone() for gradient in gradients])
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients):
                parameter -= 0.1 * gradient
    return start, sequence


def optimizers(record):
    """Parameters after 1, 2, 5, 20 and 50 steps from the same start under the same gradients.

    Names: `shared/start/<parameter>`, `shared/gradient/<parameter>` [50, ...],
    `shared/gradient/global_norm` [50], the norm over all three before clipping, and
    `<rule>_rate<r>_decay<d>_clip<c>/trajectory/<parameter>` [5, ...]; clip 0 is no clipping.
    Parameters: `weight` [4, 3], `bias` [3], `out` [3, 1]. The decay of `adamw` applies to all
    three, that of `adamw_matrices` to `weight` and `out` only. `momentum` is SGD with 0.9.
    """
    names = ["weight", "bias", "out"]
    start, sequence = gradient_sequence()
    for index, name in enumerate(names):
        record.tensors[f"shared/start/{name}"] = torch.tensor(start[index]).to(record.dtype)
        record.tensors[f"shared/gradient/{name}"] = torch.stack(
            [gradients[index] for gradients in sequence]
        ).to(record.dtype)
    rules = {
        "sgd": lambda groups, rate: torch.optim.SGD(groups, lr=rate, foreach=False),
        "momentum": lambda groups, rate: torch.optim.SGD(
            groups, lr=rate, momentum=0.9, foreach=False
        ),
        "adam": lambda groups, rate: torch.optim.Adam(groups, lr=rate, foreach=False),
        "adamw": lambda groups, rate: torch.optim.AdamW(groups, lr=rate, foreach=False),
        "adamw_matrices": lambda groups, rate: torch.optim.AdamW(groups, lr=rate, foreach=False),
    }
    norms = []
    for rule, make in rules.items():
        decays = [0.01, 0.3] if rule.startswith("adamw") else [0]
        for rate in (0.001, 0.02, 0.1):
            for decay in decays:
                for clip in (0, 0.5, 1):
                    parameters = [
                        torch.tensor(value).to(record.dtype).requires_grad_() for value in start
                    ]
                    groups = [
                        {
                            "params": [parameter],
                            "weight_decay": 0
                            if rule == "adamw_matrices" and parameter.dim() == 1
                            else decay,
                        }
                        for parameter in parameters
                    ]
                    optimizer = make(groups, rate)
                    kept = {name: [] for name in names}
                    norms = []
                    for step, gradients in enumerate(sequence, start=1):
                        for parameter, gradient in zip(parameters, gradients):
                            parameter.grad = gradient.to(record.dtype).clone()
                        limit = clip if clip > 0 else math.inf
                        norms.append(nn.utils.clip_grad_norm_(parameters, limit, foreach=False))
                        optimizer.step()
                        if step in SNAPSHOTS:
                            for name, parameter in zip(names, parameters):
                                kept[name].append(parameter.detach().clone())
                    case = f"{rule}_rate{rate}_decay{decay}_clip{clip}"
                    for name in names:
                        record.tensors[f"{case}/trajectory/{name}"] = torch.stack(kept[name])
    record.tensors["shared/gradient/global_norm"] = torch.stack(norms)


def schedules(record):
    """The learning rate in force at step t = 0, 1, ..., 50 steps in all, peak 0.02."""

    def rates(make):
        parameter = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([parameter], lr=0.02)
        schedule = make(optimizer)
        values = []
        for step in range(STEPS):
            values.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if step < STEPS - 1:
                schedule.step()
        return torch.tensor(values, dtype=torch.float64)

    library = torch.optim.lr_scheduler
    warm_up = 8
    made = {
        "constant": lambda optimizer: library.ConstantLR(optimizer, factor=1),
        # Zero at t = 50, one past the last step.
        "cosine": lambda optimizer: library.CosineAnnealingLR(optimizer, T_max=STEPS),
        # (t + 1) / 8 of the peak at t = 0...7, then the peak.
        "warm_up": lambda optimizer: library.LinearLR(
            optimizer, start_factor=1 / warm_up, total_iters=warm_up - 1
        ),
        # The product of both, over the same 50 steps.
        "warm_up_cosine": lambda optimizer: library.LambdaLR(
            optimizer,
            lambda t: min(1, (t + 1) / warm_up) * (1 + math.cos(math.pi * t / STEPS)) / 2,
        ),
        # Cosine both ways: from peak / 25 over 30 % of the steps, then down to peak / 250,000.
        "one_cycle": lambda optimizer: library.OneCycleLR(
            optimizer, max_lr=0.02, total_steps=STEPS, cycle_momentum=False
        ),
    }
    for name, make in made.items():
        record.tensors[name] = rates(make)


def main():
    folders = (LAYERS, MODELS, TRAINING)
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    for suffix, dtype in PRECISIONS.items():
        for folder, name, fill in [
            (LAYERS, "layers", layers),
            (LAYERS, "recurrent", recurrent),
            (LAYERS, "embeddings", embeddings),
            (MODELS, "head", head),
            (TRAINING, "optimizers", optimizers),
            (TRAINING, "schedules", schedules),
        ]:
            if name == "schedules" and suffix == "f32":
                continue
            record = Recorder(dtype)
            fill(record)
            record.save(folder / f"{name}.{suffix}.safetensors")
    versions = {
        "generator": "Tests/LayersTests/Fixtures/generate_parity.py",
        "seed": SEED,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "safetensors": safetensors.__version__,
    }
    for folder in folders:
        (folder / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")


if __name__ == "__main__":
    main()
