"""A student learns from a teacher that sees the truth, and ends as a bundle with memory."""

import json
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dexterity_ros.bundles.onnx_network import load_policy
from dexterity_ros.contracts import config as configs
from dexterity_ros.contracts.errors import BagError, BundleError, ConfigError
from dexterity_ros.contracts.resources import resource
from dexterity_ros.contracts.samples import JointTarget
from dexterity_ros.contracts.sources import OBJECT_POSE
from dexterity_ros.contracts.training_run import CHECKPOINT
from dexterity_ros.observation.builder import build_observation
from dexterity_ros.observation.memory import seed_memory
from dexterity_ros.sim.env import ReorientEnv
from dexterity_ros.training.checkpoint import TrainingError, read_checkpoint
from dexterity_ros.training.export import export_run
from dexterity_ros.training.imitation import rounds
from dexterity_ros.training.imitation.collect import Learner, always_expert, always_student, collect
from dexterity_ros.training.imitation.corrections import corrections
from dexterity_ros.training.imitation.hand_task import BundleExpert, HandTask
from dexterity_ros.training.interface import build_actor
from dexterity_ros.training.networks import Actor
from dexterity_ros.training.run_folder import RunFolder
from dexterity_ros.training.student import Student
from dexterity_ros.training.student_config import StudentConfig
from dexterity_ros.wire import TickRecord

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def small():
    config = configs.load(StudentConfig, resource("config/train/leap_yaw_student.yaml"))
    env = replace(config.env, num_envs=16, reset_pool=16, threads=1)
    rounds = replace(config.rounds, rounds=2, steps=20, minibatch=8)
    return replace(config, env=env, rounds=rounds, student=replace(config.student, hidden=(16,), memory_width=8))


@pytest.fixture
def task(small):
    env = small.environment()
    expert = BundleExpert(resource(small.teacher), env.hand, small.policy.action)
    yield HandTask(env, expert.manifest.observation), expert
    env.close()


def test_the_expert_sees_the_truth_and_the_student_what_sensors_say(task):
    task, expert = task
    seen, truth = task.restart()
    env, spec = task.env, expert.manifest.observation
    true = env.true_inputs()
    assert seen.shape == (16, env.observation_spec.width) and truth.shape == (16, spec.width)
    np.testing.assert_allclose(truth[:, spec.slices["object_pos"]], true[OBJECT_POSE].pos_m, atol=1e-6)
    blurred = np.abs(seen[:, env.observation_spec.slices["object_pos"]] - true[OBJECT_POSE].pos_m)
    assert blurred.max() > 1e-3
    expected = build_observation(spec, true, seed_memory(true))
    still = spec.slices["joint_error"]  # the target is what the noisy joints said at the start
    expected[:, still] = truth[:, still]
    np.testing.assert_allclose(truth, expected, atol=1e-6)


def test_a_restricted_expert_is_shown_what_the_student_sees(small):
    env = small.environment()
    expert = BundleExpert(resource(small.teacher), env.hand, small.policy.action)
    spec, task = expert.manifest.observation, HandTask(env, expert.manifest.observation, restricted=True)
    seen, shown = task.restart()
    for _ in range(3):
        for own, theirs in ((seen, shown), task.imagine()):
            for name in ("joint_pos", "object_pos", "goal_rotvec", "last_action"):
                np.testing.assert_array_equal(theirs[:, spec.slices[name]], own[:, env.observation_spec.slices[name]])
        step = task.step(expert(shown))
        seen, shown = step.observation, step.privileged
    env.close()


def test_the_truth_carries_velocities_from_true_poses_and_what_was_done(task):
    task, expert = task
    slices = expert.manifest.observation.slices
    task.restart()
    action = np.full((16, 16), 0.5, np.float32)
    for _ in range(5):
        truth = task.step(action).privileged
    true_speed = task.env.physics.object_vel(task.env.state)[:, :3]
    assert np.abs(truth[:, slices["object_lin_vel"]] - true_speed).mean() < 0.05
    np.testing.assert_allclose(truth[:, slices["last_action"]], 0.5)


def test_other_goals_are_labelled_with_what_the_teacher_would_do_for_them(small, task):
    task, expert = task
    student = Actor(task.env.observation_spec.width, 16, small.student)
    batch = collect(task, expert, student, 10, always_student, imagine=True)
    slices = task.env.observation_spec.slices
    own, other = batch.observation[:, :16], batch.observation[:, 16:]
    for name, part in slices.items():
        same = bool((own[..., part] == other[..., part]).all())
        assert same is (name not in ("goal_rotvec", "goal_rot6d")), name
    assert float((batch.label[:, :16] - batch.label[:, 16:]).abs().mean()) > 0.05
    assert batch.labels == 2 * 16 * 10


def test_goals_that_nobody_pursues_show_what_reached_looks_like(small):
    env = small.environment()
    expert = BundleExpert(resource(small.teacher), env.hand, small.policy.action)
    task = HandTask(env, expert.manifest.observation, stop_head=True)
    student = Actor(env.observation_spec.width, 17, small.student)
    batch = collect(task, expert, student, 10, always_student, imagine=True)
    verdict, spec = batch.label[..., 16], env.observation_spec
    assert set(verdict.unique().tolist()) == {-1.0, 1.0} and not (verdict[:, :16] > 0).any()
    seen = batch.observation[:, 16:, spec.slices["goal_rotvec"]].norm(dim=-1)  # blurred and late
    assert float(seen[verdict[:, 16:] > 0].mean()) < 0.5 < float(seen[verdict[:, 16:] < 0].mean())
    env.close()


def test_the_best_iterate_is_exported_without_a_simulator_and_training_goes_on_from_the_newest(
    small, tmp_path, monkeypatch
):
    rates = iter([0.2, 0.9, 0.1])
    monkeypatch.setattr(rounds, "success_rate", lambda *_: (next(rates), 1.0))
    config = replace(small, rounds=replace(small.rounds, rounds=3, validation_attempts=1))
    Student(config, tmp_path / "run").train()
    kept = read_checkpoint(tmp_path / "run" / CHECKPOINT, "student")
    assert kept["best"]["rate"] == 0.9 and kept["best"]["steps"] == 2 * 20 * 16 * 2
    assert not torch.equal(kept["best"]["actor"]["last.0.weight"], kept["actor"]["last.0.weight"])
    more = Student(config, tmp_path / "run")
    more.restore()
    assert torch.equal(more.actor.last[-1].weight, kept["actor"]["last.0.weight"]) and more.best.rate == 0.9
    monkeypatch.setattr(ReorientEnv, "__init__", lambda *_, **__: pytest.fail("a simulator"))
    manifest = export_run(tmp_path / "run", tmp_path / "student", current_limit_a=0.35)
    assert manifest.provenance.steps == kept["best"]["steps"]
    golden = np.load(tmp_path / "student/golden_io.npz")
    actor = build_actor(kept["interface"]["actor"], "kept")
    actor.load_state_dict(kept["best"]["actor"])
    with torch.no_grad():
        action, _ = actor(torch.from_numpy(golden["observation"]), torch.from_numpy(golden["state"]))
    np.testing.assert_allclose(action.numpy(), golden["action"], atol=1e-6)
    assert len(golden["state"]) == 64 and np.abs(golden["state"]).max(axis=1).astype(bool).sum() > 50
    low, high = manifest.training_range["joint_pos"].low, manifest.training_range["joint_pos"].high
    assert all(-1.0 < a < b < 2.5 for a, b in zip(low, high, strict=True))


def test_a_checkpoint_that_cannot_be_exported_says_why_in_a_line(small, tmp_path):
    Student(small, tmp_path / "run").save()
    (tmp_path / "run/config.yaml").write_text("seed: 1\n")  # as an earlier version left it
    with pytest.raises(TrainingError, match="kept before the first update, or by an earlier version; go on"):
        export_run(tmp_path / "run", tmp_path / "student", current_limit_a=0.35)
    RunFolder(tmp_path / "data", "learner").keep({})
    RunFolder(tmp_path / "data", "learner").describe({})
    with pytest.raises(TrainingError, match="is a run of kind learner without data.yaml"):
        export_run(tmp_path / "data", tmp_path / "student", current_limit_a=0.35)
    assert not (tmp_path / "student").exists()


def test_a_stop_head_is_exported_as_a_probability(small, tmp_path):
    Student(replace(small, stop_head=True), tmp_path / "run").train()
    assert export_run(tmp_path / "run", tmp_path / "student", current_limit_a=0.35).outputs == ("reached",)
    manifest, network = load_policy(tmp_path / "student")
    seen = {"observation": np.zeros((4, manifest.observation.width), np.float32)}
    said, _ = network(seen, np.zeros((4, manifest.state_width), np.float32))
    assert said["action"].shape == (4, 16) and said["reached"].shape == (4, 1)
    assert ((said["reached"] >= 0.0) & (said["reached"] <= 1.0)).all()


def test_labels_stay_within_what_an_action_may_be(small, task):
    task, expert = task
    student = Actor(task.env.observation_spec.width, 16, small.student)
    assert float(collect(task, expert, student, 10, always_expert).label.abs().max()) <= small.policy.action.clip


def test_a_run_resumes_and_exports_a_bundle_with_memory(small, tmp_path):
    Student(small, tmp_path / "run").train()
    assert [json.loads(row)["rounds"] for row in (tmp_path / "run/log.jsonl").read_text().splitlines()] == [1, 2]
    more = Student(replace(small, rounds=replace(small.rounds, rounds=3)), tmp_path / "run")
    more.restore()
    more.train()
    assert more.progress.rounds == 3 and more.progress.labels == 3 * 20 * 16 * 2
    export_run(tmp_path / "run", tmp_path / "student", current_limit_a=0.35)
    manifest, _ = load_policy(tmp_path / "student")
    assert (manifest.kind, manifest.state_width, manifest.provenance.steps) == ("recurrent", 8, 1920)


def test_reinforcement_goes_on_with_a_student_and_resumes(small, tmp_path):
    Student(small, tmp_path / "taught").train()
    reinforced = configs.load(StudentConfig, resource("config/train/leap_so3_reinforced.yaml"))
    ppo = replace(reinforced.tuning.ppo, horizon=4, minibatch=32, critic_hidden=(8,))
    tuning = replace(reinforced.tuning, ppo=ppo, critic_first=1)
    rounds = replace(small.rounds, validation_attempts=1, validate_every=2)
    config = replace(small, method="reinforced", tuning=tuning, rounds=rounds)
    student = Student(config, tmp_path / "run")
    student.restore(tmp_path / "taught")
    before = student.actor.last[-1].weight.detach().clone()
    student.train()
    assert student.progress.rounds == 2 and not bool((student.actor.last[-1].weight == before).all())
    more = Student(replace(config, rounds=replace(config.rounds, rounds=3)), tmp_path / "run")
    more.restore()
    for one, other in zip(student.critic.parameters(), more.critic.parameters(), strict=True):
        torch.testing.assert_close(one, other)  # what it knows is not learned again
    more.train()
    assert [json.loads(row)["rounds"] for row in (tmp_path / "run/log.jsonl").read_text().splitlines()] == [1, 2, 3]
    alone = [json.loads(row)["alone"] for row in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert [rate is None for rate in alone] == [True, False, True]
    with pytest.raises(TrainingError, match="taught/checkpoint.pt is of imitation, it has no critic"):
        Student(config, tmp_path / "taught").restore()
    for change in ({"tuning": None}, {"stop_head": True, "rounds": replace(small.rounds, imagine=True)}):
        with pytest.raises(ConfigError, match="reinforced"):
            replace(config, **change)


def test_a_student_learns_what_an_operator_did_when_they_took_over(small, inputs, tmp_path):
    width, rng = small.observation().width, np.random.default_rng(0)
    seen = rng.normal(size=(60, width)).astype(np.float32)
    theirs = np.full(16, 0.7, np.float32)

    def tick(k):
        return TickRecord(
            now_ns=k * 50_000_000, reset=k // 30, inputs=inputs, observation=seen[k], led=k % 30 >= 10,
            outputs={"action": theirs * (k % 30 >= 10)}, target=JointTarget(stamp_ns=0, pos_rad=np.zeros(16)),
        )  # fmt: skip

    batch = corrections([tick(k) for k in range(60)], period_s=0.05, width=width, joints=16, steps=25)
    assert batch.labels == 40 and batch.done.shape == (25, 4)  # two resets, each cut once
    student = Student(small, tmp_path / "run", corrections=[batch])
    with torch.no_grad():
        before = student.actor.sequence(batch.observation, student.actor.begin(4), batch.done)
    learner = Learner(student.actor, 3e-3, demonstrations=[batch])
    for _ in range(60):
        learner.fit(epochs=1, minibatch=8)
    with torch.no_grad():
        after = student.actor.sequence(batch.observation, student.actor.begin(4), batch.done)
    used = batch.used > 0
    assert float((after - batch.label)[used].abs().mean()) < 0.3 * float((before - batch.label)[used].abs().mean())
    student.train()
    assert student.progress.labels == 2 * 2 * 20 * 16  # the teacher's only


def test_what_a_stop_head_said_becomes_the_label_that_it_was_learned_from(inputs):
    seen, said = np.zeros(8, np.float32), {"action": np.full(16, 0.5, np.float32), "reached": np.float32([0.75])}
    tick = TickRecord(
        now_ns=0, reset=0, inputs=inputs, observation=seen, outputs=said, led=True,
        target=JointTarget(stamp_ns=0, pos_rad=np.zeros(16)),
    )  # fmt: skip
    (label,) = corrections([tick], period_s=0.05, width=8, joints=16, stop_head=True).label[0]
    np.testing.assert_allclose(label, [0.5] * 17)


def test_a_network_of_another_shape_is_no_start(small, tmp_path):
    Student(small, tmp_path / "one").save()
    with pytest.raises(TrainingError, match="another shape"):
        Student(replace(small, stop_head=True), tmp_path / "two").restore(tmp_path / "one")


def test_a_run_without_a_stop_head_may_start_from_one_with_it(small, tmp_path):
    one = Student(replace(small, stop_head=True), tmp_path / "one")
    one.save()
    two = Student(small, tmp_path / "two")
    two.restore(tmp_path / "one")
    seen = torch.randn(5, small.observation().width)
    said, _ = one.actor(seen, one.actor.begin(5))
    torch.testing.assert_close(two.actor(seen, two.actor.begin(5))[0], said[:, :16])


def test_a_checkpoint_that_was_cut_off_is_named(small, tmp_path):
    Student(small, tmp_path / "one").save()
    whole = (tmp_path / "one/checkpoint.pt").read_bytes()
    for kept in (0, len(whole) // 2):
        (tmp_path / "one/checkpoint.pt").write_bytes(whole[:kept])
        with pytest.raises(TrainingError, match=rf"one/checkpoint.pt \({kept} bytes\) is damaged"):
            Student(small, tmp_path / "two").restore(tmp_path / "one")


def test_a_stop_head_that_would_never_see_a_reached_goal_is_refused(small):
    with pytest.raises(ConfigError, match="imagine"):
        replace(small, stop_head=True, rounds=replace(small.rounds, imagine=False))


def test_a_recording_that_nobody_led_or_of_another_policy_is_refused(small, inputs):
    zero = np.zeros(16, np.float32)
    tick = TickRecord(
        now_ns=0,
        reset=0,
        inputs=inputs,
        observation=zero,
        outputs={"action": zero},
        target=JointTarget(stamp_ns=0, pos_rad=zero),
    )
    with pytest.raises(BagError, match="nobody led in 1 ticks"):
        corrections([tick], period_s=0.05, width=16, joints=16)
    with pytest.raises(BagError, match="the student's"):
        corrections([replace(tick, led=True)], period_s=0.05, width=small.observation().width, joints=16)


def test_a_teacher_that_acts_otherwise_is_refused(small):
    action = replace(small.policy.action, scale_rad=0.1)
    with pytest.raises(BundleError, match="must be alike"):
        BundleExpert(resource(small.teacher), small.hand_spec(), action)
