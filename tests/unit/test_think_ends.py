"""What the model expects after somebody's words, read as the chance that they are complete."""

from __future__ import annotations

import math

import pytest

from visavis.think.ends import p_ends, unmarked


def answer(**tokens: float) -> dict[str, object]:
    likely = [{"token": token, "logprob": math.log(p)} for token, p in tokens.items()]
    return {"completion_probabilities": [{"top_logprobs": likely}]}


def test_marks_line_ends_and_the_end_of_the_message_count() -> None:
    likely = {".": 0.3, "?": 0.2, "\n": 0.1, "": 0.1, " and": 0.2, ",": 0.1}
    assert p_ends(answer(**likely)) == pytest.approx(0.7)


def test_words_that_must_go_on_score_nothing() -> None:
    assert p_ends(answer(**{" know": 0.6, " the": 0.3, ",": 0.1})) == 0


@pytest.mark.parametrize("told", [{}, {"completion_probabilities": []}, {"completion_probabilities": [{}]}])
def test_an_answer_without_probabilities_tells_nothing(told: dict[str, object]) -> None:
    assert p_ends(told) is None


def test_marks_of_the_recogniser_are_put_aside() -> None:
    assert unmarked("When do you open?") == "When do you open"
    assert unmarked("My number is 555-") == "My number is 555"
    assert unmarked("Yes … ") == "Yes"
