"""The rivals of bench/device/run.sh: the same work through PyTorch and transformers.

Takes a JSON file {"device": "cuda" | "cpu", "runs": N, "jobs": [...]} and prints, for each job that is done, a line
of JSON behind an "@". Inputs are random, never zeros, and rotate; on a GPU the second-level cache is emptied by reading
before every call, and events around the call measure it. Times are the median and how far the middle half reaches.
"""

import json
import os
import sys
import time

import torch
import torch.nn.functional as F


def say(**line):
    print("@" + json.dumps(line), flush=True)


class Timer:
    def __init__(self, device, runs):
        self.device = device
        self.runs = runs
        self.cold = None
        if device == "cuda":
            l2 = torch.cuda.get_device_properties(0).L2_cache_size
            self.cold = torch.zeros(3 * l2 // 4, dtype=torch.int32, device=device)

    def once(self, call):
        """Milliseconds of one call."""
        if self.cold is None:
            start = time.perf_counter()
            call()
            return (time.perf_counter() - start) * 1e3
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.max(self.cold)
        torch.cuda._sleep(200_000)  # so that the call is queued before the device comes to it
        start.record()
        call()
        end.record()
        end.synchronize()
        return start.elapsed_time(end)

    def time(self, call, sets):
        """`call` on each of the input sets in turn."""
        for i in range(max(3, len(sets))):
            call(*sets[i % len(sets)])
        if self.device == "cuda":
            torch.cuda.synchronize()
        times = sorted(self.once(lambda: call(*sets[i % len(sets)])) for i in range(self.runs))
        n = len(times)
        return {"median_ms": times[n // 2], "low_ms": times[n // 4], "high_ms": times[n - 1 - n // 4]}

    def compiled(self, fn, **options):
        """torch.compile; without code generation on a CPU, where only this script is tried."""
        if self.device == "cuda":
            return torch.compile(fn, dynamic=False, **options)
        return torch.compile(fn, backend="eager")


def values(timer, *shape):
    return (torch.rand(shape, device=timer.device) * 2 - 1).to(torch.bfloat16)


def attempt(timer, call, sets):
    try:
        return timer.time(call, sets)
    except Exception as error:  # a rival that fails is a result of its own
        return {"missing": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:300]}


def fused(a, b, c):
    return F.silu(a) * b + c


def rms_norm(x, w):
    return F.rms_norm(x, (x.shape[-1],), w, 1e-6)


def softmax(x):
    return torch.softmax(x, -1)


def rows_job(job, timer):
    rows, n = job["rows"], job["n"]
    wide = lambda: values(timer, rows, n)
    fn, make = {
        "fused": (fused, lambda: (wide(), wide(), wide())),
        "rms_norm": (rms_norm, lambda: (wide(), values(timer, n))),
        "softmax": (softmax, lambda: (wide(),)),
    }[job["kind"]]
    sets = [make() for _ in range(3)]
    return {"eager": attempt(timer, fn, sets), "torch.compile": attempt(timer, timer.compiled(fn), sets)}


def matmul_job(job, timer):
    m, n, k = job["m"], job["n"], job["k"]
    sets = [(values(timer, m, k), values(timer, n, k)) for _ in range(3)]
    return {"torch.matmul": attempt(timer, lambda a, b: torch.matmul(a, b.t()), sets)}


def attention_job(job, timer):
    queries, keys, d = job["queries"], job["keys"], job["head_dim"]
    make = lambda: (
        values(timer, 1, job["heads"], queries, d),
        values(timer, 1, job["kv_heads"], keys, d),
        values(timer, 1, job["kv_heads"], keys, d),
    )
    sets = [make() for _ in range(3)]
    causal = queries > 1
    call = lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=causal, enable_gqa=True)
    return {"scaled_dot_product_attention": attempt(timer, call, sets)}


# -- llama ------------------------------------------------------------------------------------------------------------


def llama_model(job, device):
    """With random weights, of the sizes that the job gives; in bf16."""
    from transformers import LlamaConfig, LlamaForCausalLM

    size = job["size"]
    common = dict(
        vocab_size=size["vocab"],
        hidden_size=size["hidden"],
        num_hidden_layers=size["layers"],
        num_attention_heads=size["heads"],
        num_key_value_heads=size["kv_heads"],
        head_dim=size["head_dim"],
        intermediate_size=size["ffn"],
        max_position_embeddings=size["max_len"],
        rms_norm_eps=1e-5,
        tie_word_embeddings=False,
    )
    expected = size["theta"] ** (-2.0 / size["head_dim"])
    for rope in ({"rope_parameters": {"rope_type": "default", "rope_theta": size["theta"]}}, {"rope_theta": size["theta"]}):
        config = LlamaConfig(**common, **rope)
        torch.manual_seed(1)
        torch.set_default_dtype(torch.bfloat16)
        try:
            with torch.device(device):
                model = LlamaForCausalLM(config)
        finally:
            torch.set_default_dtype(torch.float32)
        model = model.to(torch.bfloat16).eval()
        found = float(model.model.rotary_emb.inv_freq[1])
        if abs(found - expected) <= 1e-2 * expected:
            # Kept in f32, as where a model is loaded: the positions' frequencies lose too much in bf16.
            exponents = torch.arange(0, size["head_dim"], 2, device=device, dtype=torch.float32) / size["head_dim"]
            model.model.rotary_emb.inv_freq = size["theta"] ** -exponents
            return model
    raise RuntimeError("transformers did not take the base of the rotary positions")


def tokens_of(job, count, device, seed=2):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, job["size"]["vocab"], (1, count), generator=generator).to(device)


def llama_checkpoint(job, timer):
    """The checkpoint, and recorded cases for the project's own self-test: a prompt, then a token, in f32."""
    import numpy as np
    from safetensors.torch import save_file

    model = llama_model(job, timer.device)
    if not os.path.exists(job["checkpoint"]):
        tensors = {name: t.detach().cpu().contiguous() for name, t in model.state_dict().items()}
        save_file(tensors, job["checkpoint"] + ".new", metadata={"format": "pt"})
        os.replace(job["checkpoint"] + ".new", job["checkpoint"])
        del tensors
    inv_freq = model.model.rotary_emb.inv_freq
    prompt = job["check_prompt"]
    tokens = tokens_of(job, prompt + 1, timer.device)

    def logits_of():
        with torch.no_grad():
            return model(tokens).logits[0, -2:].float().cpu().numpy()

    rounded = logits_of()
    model = model.float()
    model.model.rotary_emb.inv_freq = inv_freq
    logits = logits_of()
    # What bf16 costs is known only by trying it: PyTorch's own error, and some.
    own = float(np.abs(rounded - logits).max() / np.abs(logits).max())
    tolerance = max(job["tolerance"], 3 * own)
    for name, first, count in (("01-prompt", 0, prompt), ("02-token", prompt, 1)):
        folder = os.path.join(job["cases"], name)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "case.json"), "w") as file:
            json.dump({"entry": "forward", "dims": {"s": count, "pos": first}, "tolerance": tolerance}, file)
        np.save(os.path.join(folder, "in.tokens.npy"), tokens[0, first : first + count].cpu().numpy().astype(np.int32))
        np.save(os.path.join(folder, "out.logits.npy"), logits[0 if first == 0 else 1])
    return {}


class Steps:
    """Tokens one after the other behind a prompt that the cache holds. The position moves on with each, by a few in all."""

    def __init__(self, model, job, position, timer):
        from transformers import StaticCache

        self.position = position
        self.cache = StaticCache(config=model.config, max_cache_len=position + 3 * timer.runs + 32)
        self.next = position
        self.device = timer.device
        with torch.no_grad():
            at = torch.arange(position, device=timer.device)
            model(
                input_ids=tokens_of(job, position, timer.device),
                past_key_values=self.cache,
                cache_position=at,
                position_ids=at[None],
                use_cache=True,
                logits_to_keep=1,
            )

    def call(self, forward):
        def step(token):
            at = torch.tensor([self.next], device=self.device)
            self.next += 1
            with torch.no_grad():
                return forward(
                    input_ids=token,
                    past_key_values=self.cache,
                    cache_position=at,
                    position_ids=at[None],
                    use_cache=True,
                ).logits

        return step


def llama_job(job, timer):
    model = llama_model(job, timer.device)
    tokens = [(tokens_of(job, 1, timer.device, seed=10 + i),) for i in range(4)]
    prompts = [(tokens_of(job, job["prompt"], timer.device, seed=20 + i),) for i in range(4)]

    def prefill(forward):
        def call(prompt):
            with torch.no_grad():
                return forward(input_ids=prompt, use_cache=False, logits_to_keep=1).logits

        return call

    for rival in ("transformers eager", "transformers compiled"):
        compiled = rival.endswith("compiled")
        for position in job["positions"]:
            try:
                # Calls before and while it is timed must not run past the end of the cache.
                steps = Steps(model, job, position, timer)
                forward = timer.compiled(model.forward, mode="reduce-overhead") if compiled else model.forward
                found = timer.time(steps.call(forward), tokens)
            except Exception as error:
                found = {"missing": f"{type(error).__name__}: {str(error)[:300]}"}
            say(job=f"token at {position}", times={rival: found})
        forward = timer.compiled(model.forward) if compiled else model.forward
        say(job=f"prompt of {job['prompt']}", times={rival: attempt(timer, prefill(forward), prompts)})
    return {}


JOBS = {
    "fused": rows_job,
    "rms_norm": rows_job,
    "softmax": rows_job,
    "matmul": matmul_job,
    "attention": attention_job,
    "llama_checkpoint": llama_checkpoint,
    "llama": llama_job,
}


def main():
    with open(sys.argv[1]) as file:
        asked = json.load(file)
    timer = Timer(asked["device"], asked["runs"])
    torch.manual_seed(7)
    versions = {"python": sys.version.split()[0], "torch": torch.__version__}
    try:
        import transformers

        versions["transformers"] = transformers.__version__
    except ImportError:
        pass
    say(versions=versions)
    for job in asked["jobs"]:
        try:
            say(job=job["name"], times=JOBS[job["kind"]](job, timer))
        except Exception as error:
            say(job=job["name"], failed=f"{type(error).__name__}: {error}"[:600])


main()
