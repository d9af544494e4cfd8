"""A policy that says chunks acts alike live and repeated, forgets at a reset, and survives its network's errors."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from dexterity_ros.bench.chunks import Inference
from dexterity_ros.contracts.chunk import CHUNK, NOISE, PREFIX, ChunkSpec
from dexterity_ros.contracts.errors import BundleError, Fault, FaultCode
from dexterity_ros.contracts.manifest import load_manifest
from dexterity_ros.contracts.spec import VECTOR
from dexterity_ros.replay.offline import repeat
from dexterity_ros.runtime.asking import Beside
from dexterity_ros.runtime.policy_pipeline import PolicyPipeline, Tick
from dexterity_ros.wire import pack_tick, unpack_tick

T, NOW = 50_000_000, 1_000_000_000_000
SPECS = {
    "newest": ChunkSpec(horizon=8, executed=4, delay=1, late=1, noise_width=3),
    "ensemble": ChunkSpec(horizon=8, executed=1, delay=1, late=2, blend="ensemble", decay=0.1),
    "prefix": ChunkSpec(horizon=8, executed=4, delay=2, late=1, blend="prefix", noise_width=3, seed=7),
    "at once": ChunkSpec(horizon=1, executed=1, delay=0, late=0, noise_width=3),
}


class Says:
    """A network whose chunks depend on all that it is given."""

    state_width = 0

    def __init__(self, horizon):
        self.horizon, self.calls, self.broken = horizon, 0, False

    def __call__(self, seen, state):
        self.calls += 1
        if self.broken:
            raise RuntimeError("no memory\nleft")
        given = sum(np.abs(seen[name]).reshape(len(seen[VECTOR]), -1).sum(axis=1) for name in seen)
        phase = given[:, None, None] + np.arange(self.horizon)[:, None] + np.arange(16)
        return {CHUNK: (0.2 * np.sin(phase)).astype(np.float32)}, state


def chunk_manifest(bundle, spec):
    return replace(load_manifest(bundle), format=2, kind="chunk", state_width=0, stop_head=False, chunk=spec)


@pytest.fixture(params=SPECS)
def spec(request):
    return SPECS[request.param]


@pytest.fixture
def pipeline(bundle, leap, spec):
    return PolicyPipeline(chunk_manifest(bundle, spec), Says(spec.horizon), leap)


def walk(pipeline, inputs_at, ticks, first=0):
    return [pipeline.step(inputs_at(NOW + k * T), NOW + k * T) for k in range(first, first + ticks)]


def test_it_waits_for_its_first_answer_and_then_never_runs_empty(pipeline, inputs_at, spec):
    results = walk(pipeline, inputs_at, 30)
    waiting, acting = results[: spec.delay], results[spec.delay :]
    assert all(isinstance(r, Fault) and r.code is FaultCode.QUEUE_EMPTY for r in waiting)
    assert all(isinstance(r, Tick) for r in acting)
    assert pipeline.figures()["queue"] >= 1 and pipeline.figures()["failed_inferences"] == 0


def test_the_network_is_asked_as_often_as_the_manifest_says(pipeline, inputs_at, spec):
    walk(pipeline, inputs_at, 24)
    assert pipeline._network.calls == -(-24 // spec.executed)


def recorded(results, reset=1):
    """Returns ticks as a bag holds them."""
    ticks = [r.record(reset) for r in results if isinstance(r, Tick)]
    return [unpack_tick(*pack_tick(tick)) for tick in ticks]


def test_a_recording_is_repeated_bit_by_bit_with_answers_that_came_at_any_time(bundle, leap, spec, inputs_at):
    if spec.delay == 0:
        pytest.skip("nothing runs beside")
    manifest, now = chunk_manifest(bundle, spec), [NOW]
    rng = np.random.default_rng(0)
    asker = []

    def make(answering):
        asker.append(Inference(answering, lambda: now[0]))
        return asker[0]

    live = PolicyPipeline(manifest, Says(spec.horizon), leap, asker=make)
    results, numbers = [], []
    for k in range(80):
        if k == 50:
            live.reset()
        now[0] = NOW + k * T + int(rng.integers(0, 3_000_000))
        asker[0].takes_s = rng.uniform(0.0, 0.2)  # some answers come late, some too late
        results.append(live.step(inputs_at(now[0]), now[0]))
        numbers.append(1 if k < 50 else 2)
    ticks = [unpack_tick(*pack_tick(r.record(n))) for r, n in zip(results, numbers, strict=True) if isinstance(r, Tick)]
    assert 20 < len(ticks) < 78, "the times were to make some ticks empty"
    again = PolicyPipeline(manifest, Says(spec.horizon), leap)
    for tick, result, known in repeat(ticks, again):
        assert known and isinstance(result, Tick)
        np.testing.assert_array_equal(result.outputs["action"], tick.raw_action)
        np.testing.assert_array_equal(result.target.pos_rad, tick.target.pos_rad)


def test_a_tick_without_its_questions_is_counted_as_not_known(pipeline, inputs_at):
    ticks = [replace(tick, use=None) for tick in recorded(walk(pipeline, inputs_at, 12))]
    assert not any(known for _, _, known in repeat(ticks, pipeline))


def test_a_question_that_was_not_recorded_is_a_fault_not_a_guess(pipeline, inputs_at):
    ticks = recorded(walk(pipeline, inputs_at, 12))
    ticks = [replace(tick, use=replace(tick.use, asked=())) for tick in ticks]
    assert all(isinstance(result, Fault) for _, result, _ in repeat(ticks, pipeline))


def test_many_hands_act_as_one_does(bundle, leap, spec, inputs_at):
    if spec.noise_width:
        pytest.skip("each hand of many has noise of its own")
    manifest = chunk_manifest(bundle, spec)
    one, many = (PolicyPipeline(manifest, Says(spec.horizon), leap) for _ in range(2))
    for k in range(12):
        inputs, now = inputs_at(NOW + k * T), NOW + k * T
        stacked = {
            s.name: replace(
                inputs[s],
                stamp_ns=np.full(3, now),
                **{name: np.stack([getattr(inputs[s], name)] * 3) for name in s.fields},
            )
            for s in inputs.sources
        }
        single, batch = one.step(inputs, now), many.step(type(inputs)(stacked), now)
    np.testing.assert_array_equal(batch.target.pos_rad, np.stack([single.target.pos_rad] * 3))
    forked = many.fork(1, 2)
    assert isinstance(forked.step(type(inputs)({n: _first(v, 2) for n, v in stacked.items()}), now), Tick)


def _first(sample, count):
    return replace(sample, **{n: v[:count] for n, v in vars(sample).items()})


def test_a_reset_voids_the_queue_and_what_is_in_flight(bundle, leap, inputs_at):
    gate = threading.Event()

    class Slow(Says):
        def __call__(self, seen, state):
            gate.wait(5.0)
            return super().__call__(seen, state)

    pipeline = PolicyPipeline(chunk_manifest(bundle, SPECS["newest"]), Slow(8), leap, asker=Beside)
    walk(pipeline, inputs_at, 1)
    pipeline.reset()
    gate.set()
    _wait(pipeline)
    result = pipeline.step(inputs_at(NOW + T), NOW + T)
    assert isinstance(result, Fault) and result.code is FaultCode.QUEUE_EMPTY, "what was in flight is not used"
    _wait(pipeline)
    tick = pipeline.step(inputs_at(NOW + 2 * T), NOW + 2 * T)
    assert isinstance(tick, Tick) and tick.use.used_ns == (NOW + T,)
    assert pipeline.figures()["inference_ms"]["p99"] > 0.0
    pipeline.close()


def _wait(pipeline):
    """Returns once the thread has answered everything."""
    done = threading.Event()
    asker = pipeline.chunked._asker
    while asker._answered.qsize() < asker._asked - asker._returned:
        done.wait(0.001)


def test_a_network_that_fails_is_a_fault_and_the_next_question_may_succeed(bundle, leap, inputs_at):
    network = Says(8)
    pipeline = PolicyPipeline(chunk_manifest(bundle, SPECS["newest"]), network, leap, asker=Beside)
    network.broken = True
    walk(pipeline, inputs_at, 1)
    _wait(pipeline)
    failed = pipeline.step(inputs_at(NOW + T), NOW + T)
    assert failed.code is FaultCode.INFERENCE_FAILED and "RuntimeError: no memory left" in failed.detail
    network.broken = False
    _wait(pipeline)
    pipeline.step(inputs_at(NOW + 2 * T), NOW + 2 * T)
    _wait(pipeline)
    assert isinstance(pipeline.step(inputs_at(NOW + 3 * T), NOW + 3 * T), Tick)
    assert pipeline.figures()["failed_inferences"] >= 1
    pipeline.close()


def test_an_operator_leads_while_the_queue_is_empty(bundle, leap, inputs_at):
    pipeline = PolicyPipeline(chunk_manifest(bundle, SPECS["prefix"]), Says(8), leap)
    tick = pipeline.step(inputs_at(NOW), NOW, instead=np.full(16, 0.5, np.float32))
    assert isinstance(tick, Tick) and tick.led and tick.use is None


def test_what_the_network_is_given_is_what_its_manifest_says(bundle, leap, inputs_at):
    given = {}

    class Looks(Says):
        def __call__(self, seen, state):
            given.update({name: values.shape for name, values in seen.items()})
            return super().__call__(seen, state)

    manifest = chunk_manifest(bundle, SPECS["prefix"])
    walk(PolicyPipeline(manifest, Looks(8), leap), inputs_at, 6)
    assert given == {name: (1, *shape) for name, shape in manifest.inputs.items()}
    assert {NOISE, PREFIX} < set(given)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"chunk": None}, "is of kind chunk and its manifest has no chunk"),
        ({"kind": "step"}, "is of kind step and its manifest has a chunk"),
        ({"outputs": ("reached",)}, "says chunks and has the outputs"),
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(bundle, change, said):
    with pytest.raises(BundleError, match=said):
        replace(chunk_manifest(bundle, SPECS["newest"]), **change)
