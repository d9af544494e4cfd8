"""A chunk is used from when it may be to when it must not be; what is late or broken never moves anything."""

import numpy as np
import pytest

from dexterity_ros.action.chunks import Chunk, ChunkQueue, noise_of
from dexterity_ros.contracts.chunk import PREFIX, PREFIX_WEIGHT, ChunkSpec, Question
from dexterity_ros.contracts.errors import ConfigError, Fault, FaultCode

T, NOW = 50_000_000, 1_000_000_000_000
SPEC = ChunkSpec(horizon=8, executed=4, delay=2, late=1)


def chunk(asked=0, value=0.0, horizon=8):
    """Its actions say which place they have: value + 0.01 * place."""
    actions = np.float32(value) + 0.01 * np.arange(horizon, dtype=np.float32)[:, None] * np.ones(2, np.float32)
    return Chunk(question=Question(asked_ns=NOW + asked * T, ports={}), actions=actions)


def queue(spec=SPEC):
    return ChunkQueue(spec, T)


def said(q, tick):
    chunks = q.take(NOW + tick * T)
    return chunks.code if isinstance(chunks, Fault) else q.blended(chunks, NOW + tick * T)[0]


def test_an_answer_is_used_from_its_delay_on_however_early_it_came():
    q = queue()
    q.add(chunk(), NOW)
    assert said(q, 1) is FaultCode.QUEUE_EMPTY
    assert said(q, 2) == pytest.approx(0.02)


def test_a_tick_does_what_its_time_says_even_after_missed_ones():
    q = queue()
    q.add(chunk(), NOW)
    assert said(q, 5) == pytest.approx(0.05)
    assert q.level(NOW + 5 * T) == 2


def test_a_chunk_is_not_used_beyond_what_it_may_be_late():
    q = queue()
    q.add(chunk(), NOW)
    assert said(q, SPEC.most_age - 1) == pytest.approx(0.06)
    assert said(q, SPEC.most_age) is FaultCode.QUEUE_EMPTY
    assert q.level(NOW + SPEC.most_age * T) == 0


def test_an_answer_that_comes_too_late_is_dropped_and_counted():
    q = queue()
    assert q.add(chunk(), NOW + SPEC.most_age * T) is None
    assert q.dropped == 1 and said(q, SPEC.most_age) is FaultCode.QUEUE_EMPTY


def test_of_a_late_answer_only_what_is_late_is_dropped():
    q = queue()
    q.add(chunk(), NOW + 6 * T)
    assert said(q, 6) == pytest.approx(0.06) and q.dropped == 0


def test_the_newest_answer_replaces_the_one_before():
    q = queue()
    q.add(chunk(0, 1.0), NOW)
    q.add(chunk(4, 2.0), NOW + 4 * T)
    assert [float(said(q, tick)) for tick in (4, 5, 6)] == pytest.approx([1.04, 1.05, 2.02])


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_chunk_with_one_number_that_is_none_empties_the_queue(broken):
    q = queue()
    q.add(chunk(), NOW)
    bad = chunk(1)
    bad.actions[7, 1] = broken
    assert q.add(bad, NOW + 2 * T).code is FaultCode.ACTION_INVALID
    assert said(q, 3) is FaultCode.QUEUE_EMPTY


def test_an_ensemble_weighs_the_oldest_most():
    spec = ChunkSpec(horizon=8, executed=1, delay=1, late=1, blend="ensemble", decay=0.5)
    q = queue(spec)
    for asked, value in ((1, 2.0), (0, 1.0), (2, 3.0)):  # answers may come in any order
        q.add(chunk(asked, value), NOW + 2 * T)
    weights = np.exp(-0.5 * np.arange(3))
    expected = (weights * [1.03, 2.02, 3.01]).sum() / weights.sum()
    assert said(q, 3) == pytest.approx(expected, rel=1e-6)
    assert [c.asked_ns for c in q.take(NOW + 3 * T)] == [NOW, NOW + T, NOW + 2 * T]


def test_the_prefix_is_what_the_chunk_before_will_do_and_stands_until_the_answer_is_used():
    spec = ChunkSpec(horizon=8, executed=3, delay=2, late=1, blend="prefix")
    q = queue(spec)
    like = np.zeros(5, np.float32)
    assert not q.prefix(NOW, like, 2)[PREFIX_WEIGHT].any()
    q.add(chunk(0, 1.0), NOW)
    given = q.prefix(NOW + 3 * T, like, 2)
    np.testing.assert_allclose(given[PREFIX][:5, 0], 1.0 + 0.01 * np.arange(3, 8), rtol=1e-6)
    np.testing.assert_allclose(given[PREFIX_WEIGHT], [1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0, 0.0])


def test_only_a_policy_that_takes_a_prefix_is_given_one():
    assert queue().prefix(NOW, np.zeros(5, np.float32), 2) == {}


def test_the_next_question_is_due_after_what_is_executed():
    q = queue()
    assert q.due(None, NOW) and q.due(NOW, NOW + 4 * T) and not q.due(NOW, NOW + 3 * T)


def test_the_noise_is_that_of_the_tick_and_the_first_hands_is_the_same_alone_and_among_many():
    spec = ChunkSpec(horizon=8, executed=4, noise_width=5, seed=3)
    one, many = noise_of(spec, NOW, 1)["noise"], noise_of(spec, NOW, 7)["noise"]
    np.testing.assert_array_equal(one[0], many[0])
    assert (one != noise_of(spec, NOW + T, 1)["noise"]).all()
    assert noise_of(SPEC, NOW, 1) == {}


def test_a_copy_for_many_hands_remembers_what_one_had():
    q = queue()
    one = chunk()
    q.add(Chunk(question=one.question, actions=np.stack([one.actions, one.actions + 1.0])), NOW)
    copied = q.copies(1, 3)
    np.testing.assert_allclose(copied.take(NOW + 2 * T)[0].actions[:, 2, 0], [1.02] * 3, rtol=1e-6)


def test_a_horizon_that_ends_before_its_successor_comes_is_refused():
    with pytest.raises(ConfigError, match="horizon is 4, expected 6 or more"):
        ChunkSpec(horizon=4, executed=4, delay=1, late=1)
