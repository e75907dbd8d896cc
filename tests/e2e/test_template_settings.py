"""template.yaml's parameters, README's tables and the functions' own tables say the same of each setting."""

import re

import pytest

from harness import settings, template

NUMBERS, CHOICES, README = settings.numbers(), settings.choices(), settings.in_readme()


@pytest.fixture(scope="module")
def cloudformation() -> dict:
    return template.transformed()


@pytest.fixture(scope="module")
def parameters(cloudformation) -> dict:
    """Variable -> the parameter that it is set by."""
    found = {}
    for function in template.of_type(cloudformation, "AWS::Lambda::Function").values():
        for variable, value in function.get("Environment", {"Variables": {}})["Variables"].items():
            parameter = cloudformation["Parameters"].get(value.get("Ref") if isinstance(value, dict) else None)
            if parameter:
                found[variable] = parameter
    return found


def test_tables_were_found():
    assert (len(NUMBERS), len(CHOICES)) >= (23, 4)


def test_numbers_have_the_range_and_default_of_the_function(parameters):
    set_here = {variable: p for variable, p in parameters.items() if variable in NUMBERS}

    assert {"NARAE_PUSH_RATE", "NARAE_PRUNE_MAX_PERCENT", "NARAE_SEARCH_TIMEOUT_MS"} <= set(set_here)
    assert {v: (p["Type"], p["MinValue"], p["MaxValue"], p["Default"]) for v, p in set_here.items()} == {
        v: ("Number", *NUMBERS[v]) for v in set_here}


def test_choices_are_those_of_the_function(parameters):
    set_here = {variable: p for variable, p in parameters.items() if variable in CHOICES}

    assert {"NARAE_PUSH_POISON", "NARAE_TOPIC_BACKEND"} <= set(set_here)
    assert {v: (frozenset(p["AllowedValues"]), p["Default"]) for v, p in set_here.items()} == {v: CHOICES[v] for v in set_here}


def test_every_variable_of_the_template_is_one_that_readme_explains(cloudformation):
    functions = template.of_type(cloudformation, "AWS::Lambda::Function").values()
    variables = {variable for function in functions for variable in function.get("Environment", {"Variables": {}})["Variables"]}

    assert variables - set(README) == set()


def test_readme_names_the_parameter_of_a_variable(cloudformation, parameters):
    named = {name: parameter for name, parameter in cloudformation["Parameters"].items()}

    for variable, parameter in parameters.items():
        (name,) = re.findall(r"`(\w+)`", README[variable][-1])
        assert named[name] is parameter, variable


@pytest.mark.parametrize("variable", sorted(NUMBERS))
def test_readme_has_the_range_and_default_of_a_number(variable):
    _, unit_and_range, default, _ = README[variable]
    plain = unit_and_range.replace(",", "")
    least, most = re.search(r"(\d+) to (\d+)", plain).groups()

    assert settings.Number(int(least), int(most), int(default.replace(",", ""))) == NUMBERS[variable]


@pytest.mark.parametrize("variable", sorted(CHOICES))
def test_readme_has_the_words_of_a_choice(variable):
    form, _, default, _ = README[variable]

    assert CHOICES[variable].words <= set(re.findall(r"`(\w+)`", form))
    assert default == f"`{CHOICES[variable].default}`"
