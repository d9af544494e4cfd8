"""What a motor moves is believed when little is left to chance; one wrong answer does not decide."""

from dexterity_ros.bringup.wiring_belief import ENOUGH, WiringBelief


def believed(*answers):
    belief = WiringBelief(16, 4)
    for answer in answers:
        belief.hear(*answer)
    return belief


def test_one_answer_is_never_enough():
    assert believed((4, 1)).doubt > ENOUGH
    assert believed((4, -1)).doubt > ENOUGH


def test_two_answers_that_agree_with_the_file_are_enough():
    assert believed((4, 1), (4, 1)).doubt <= ENOUGH


def test_what_contradicts_the_file_is_asked_about_more_often():
    assert believed((4, -1), (4, -1)).doubt > ENOUGH
    belief = believed(*[(4, -1)] * 4)
    assert belief.best == (4, -1) and belief.doubt <= ENOUGH


def test_an_exchanged_motor_is_believed_after_a_few_answers():
    belief = believed((7, 1), (7, 1), (7, 1))
    assert belief.best == (7, 1) and belief.doubt <= ENOUGH


def test_a_single_slip_among_right_answers_changes_nothing_and_is_counted():
    belief = believed((4, 1), (9, 1), (4, 1), (4, 1))
    assert belief.best == (4, 1) and belief.contradicted == 1


def test_an_answer_that_saw_nothing_teaches_nothing():
    assert believed((4, 1), (None, 1)).doubt == believed((4, 1)).doubt
