from ura_study.data.checks.facts import FACTS
from ura_study.data.layouts.config import LAYOUTS


def test_every_layout_has_facts():
    assert list(FACTS) == list(LAYOUTS.built_in)
    assert all(facts.licence and facts.citation and facts.size and facts.page for facts in FACTS.values())


def test_totals_are_those_of_the_papers():
    def totals(name):
        return tuple(sum(numbers) for numbers in zip(*FACTS[name].counts.values(), strict=True))

    assert totals("mvtec_ad") == (3629, 467, 1258)
    assert totals("btad") == (1799, 451, 290)
    assert totals("visa") == (8659, 962, 1200)
    assert totals("mpdd") == (888, 176, 282)
    assert totals("mvtec_loco") == (1772, 575, 432 + 561)
    assert {name: len(FACTS[name].counts) for name in ("mvtec_ad", "visa")} == {"mvtec_ad": 15, "visa": 12}
