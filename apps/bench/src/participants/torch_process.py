"""Runs cases with PyTorch. Speaks the protocol of messages.ts: JSON, a line each, on standard input and output."""

import ctypes
import json
import os
import platform
import re
import resource
import sys
import time

import torch
import torch.nn.functional as F

CHECKED_STEPS = 2
LEARNING_RATE = {"sgd": 0.01, "adam": 0.001}


class Unsupported(Exception):
    pass


def load(stored):
    dtype = torch.int32 if stored["dtype"] == "int32" else torch.float32
    with open(stored["file"], "rb") as file:
        return torch.frombuffer(bytearray(file.read()), dtype=dtype).reshape(stored["shape"])


def save(name, value, folder):
    value = value.detach().to(torch.float32).contiguous()
    path = os.path.join(folder, name + ".bin")
    with open(path, "wb") as file:
        file.write(ctypes.string_at(value.data_ptr(), value.numel() * 4))
    return {"name": name, "shape": list(value.shape), "dtype": "float32", "file": path}


class Pure:
    """The results of a function of the inputs."""

    def __init__(self, names, function, inputs, grad=False):
        self.arguments = [inputs[name] for name in names]
        self.function = function
        self.mode = torch.enable_grad if grad else torch.no_grad

    def results(self):
        with self.mode():
            return self.function(*self.arguments)

    def reset(self):
        pass

    def iterate(self, count):
        with self.mode():
            for _ in range(count):
                self.function(*self.arguments)


def make_optimiser(kind, params):
    make = torch.optim.SGD if kind == "sgd" else torch.optim.Adam
    try:
        # One kernel for all parameters, on CPUs since PyTorch 2.4 or so.
        return make(params, lr=LEARNING_RATE[kind], fused=True)
    except (TypeError, RuntimeError):
        return make(params, lr=LEARNING_RATE[kind])


class Training:
    def __init__(self, inputs, optimiser, loss):
        self.x = inputs["x"]
        self.y = inputs["y"].to(torch.int64) if inputs["y"].dtype == torch.int32 else inputs["y"]
        self.initial = {name: value for name, value in inputs.items() if re.fullmatch(r"[wb]\d+", name)}
        self.kind = optimiser
        self.loss = loss
        self.params = {}
        self.optimiser = None

    def arrange(self, value):
        """Weights of dense layers are [out, in] here, and a transposed copy of that in the files."""
        return value.t().contiguous() if value.dim() == 2 else value.clone()

    def reset(self):
        self.params = {name: self.arrange(value).requires_grad_() for name, value in self.initial.items()}
        self.optimiser = make_optimiser(self.kind, list(self.params.values()))

    def step(self):
        self.optimiser.zero_grad(set_to_none=True)
        value = self.loss(self.params, self.x, self.y)
        value.backward()
        self.optimiser.step()
        return value

    def results(self):
        self.reset()
        for _ in range(CHECKED_STEPS):
            value = self.step()
        return {"loss": value, **{name: self.arrange(value.detach()) for name, value in self.params.items()}}

    def iterate(self, count):
        for _ in range(count):
            self.step()


def mlp_loss(workload):
    depth = len(workload["sizes"]) - 1
    objective = F.cross_entropy if workload["loss"] == "cross-entropy" else F.mse_loss

    def loss(p, x, y):
        h = x
        for i in range(depth):
            h = F.linear(h, p["w%d" % i], p["b%d" % i])
            if i < depth - 1:
                h = F.relu(h)
        return objective(h, y)

    return loss


def cnn_loss(p, x, y):
    def block(h, w, b):
        return F.max_pool2d(F.relu(F.conv2d(h, w, b, padding=1)), 2)

    h = block(block(x, p["w0"], p["b0"]), p["w1"], p["b1"])
    return F.cross_entropy(F.linear(h.flatten(1), p["w2"], p["b2"]), y)


def convolution(inputs, part):
    if part == "forward":
        return Pure(["x", "w"], lambda x, w: {"y": F.conv2d(x, w, padding=1)}, inputs)
    dy = inputs["dy"]
    if part == "input-gradient":
        shape = [dy.shape[0], inputs["w"].shape[1], *dy.shape[2:]]
        return Pure(["w", "dy"], lambda w, dy: {"y": torch.nn.grad.conv2d_input(shape, w, dy, padding=1)}, inputs)
    shape = [dy.shape[1], inputs["x"].shape[1], 3, 3]
    return Pure(["x", "dy"], lambda x, dy: {"y": torch.nn.grad.conv2d_weight(x, shape, dy, padding=1)}, inputs)


def cross_entropy(inputs):
    labels = inputs["labels"].to(torch.int64)

    def value_and_gradient(logits):
        z = logits.detach().requires_grad_()
        loss = F.cross_entropy(z, labels)
        return {"loss": loss, "gradient": torch.autograd.grad(loss, z)[0]}

    return Pure(["logits"], value_and_gradient, inputs, grad=True)


def prepare(workload, inputs):
    kind = workload["kind"]
    if kind == "gemm":
        return Pure(["a", "b"], lambda a, b: {"y": torch.mm(a, b)}, inputs)
    if kind == "arithmetic-chain":
        return Pure(["a", "b"], lambda a, b: {"y": torch.addcmul(a, a, b).clamp_(min=0).mul_(0.5).sub_(b)}, inputs)
    if kind == "tanh-chain":
        return Pure(["a"], lambda a: {"y": a.mul(0.5).add_(0.25).tanh_().mul_(a)}, inputs)
    if kind == "sum":
        axis = workload["axis"]
        return Pure(["a"], lambda a: {"y": a.sum() if axis is None else a.sum(axis)}, inputs)
    if kind == "squared-distance":
        return Pure(["a", "b"], lambda a, b: {"y": F.mse_loss(a, b, reduction="sum")}, inputs)
    if kind == "cross-entropy":
        return cross_entropy(inputs)
    if kind == "convolution":
        return convolution(inputs, workload["part"])
    if kind == "mlp-step":
        return Training(inputs, workload["optimiser"], mlp_loss(workload))
    if kind == "cnn-step":
        return Training(inputs, workload["optimiser"], cnn_loss)
    raise Unsupported("PyTorch compiles nothing here" if kind == "mlp-compile" else "no case " + kind)


def peak_memory():
    try:
        # On Linux, getrusage counts what the parent had before the exec.
        with open("/proc/self/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1)) * 1024
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def blas():
    try:
        with open("/proc/self/maps") as maps:
            mapped = maps.read()
    except OSError:
        return "BLAS unknown"
    for name, pattern in [("OpenBLAS", "openblas"), ("MKL", "mkl_"), ("BLIS", "libblis")]:
        if pattern in mapped:
            return name
    if "/libblas" in mapped:
        return "the reference BLAS, which is slow: install libopenblas0"
    return "built-in BLAS"


class Session:
    def __init__(self):
        self.prepared = None

    def start(self, request):
        torch.set_num_threads(request["threads"])
        core = os.environ.get("OPENBLAS_CORETYPE")
        settings = "%s, threads: %d" % (blas(), torch.get_num_threads())
        return {
            "versions": {"torch": torch.__version__, "python": platform.python_version()},
            "settings": settings + (", OPENBLAS_CORETYPE=" + core if core else ""),
        }

    def prepare(self, request):
        inputs = {stored["name"]: load(stored) for stored in request["inputs"]}
        self.prepared = prepare(request["workload"], inputs)
        return {}

    def check(self, request):
        results = self.prepared.results()
        return {"outputs": [save(name, value, request["folder"]) for name, value in results.items()]}

    def run(self, request):
        self.prepared.reset()
        if request["warm"] > 0:
            self.prepared.iterate(request["warm"])
        start = time.perf_counter_ns()
        self.prepared.iterate(request["iterations"])
        nanoseconds = time.perf_counter_ns() - start
        return {"nanoseconds": nanoseconds, "peakMemory": peak_memory()}


def main():
    answers = sys.stdout
    # What libraries print is not an answer.
    sys.stdout = sys.stderr
    session = Session()
    handlers = {"start": session.start, "prepare": session.prepare, "check": session.check, "run": session.run}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = {"id": request["id"], "ok": handlers[request["do"]](request)}
        except Unsupported as error:
            reply = {"id": request["id"], "error": str(error), "unsupported": True}
        except Exception as error:  # Everything is the answer to the request.
            reply = {"id": request["id"], "error": "%s: %s" % (type(error).__name__, error)}
        print(json.dumps(reply), file=answers, flush=True)


main()
