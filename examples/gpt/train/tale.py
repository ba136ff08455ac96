"""A tale under construction: its cast, its setting, and a small template language.

In a template `[a|b|c]` is a free choice (it nests), `{name}` is a word of this tale, `{name^}` the
same word with a capital, and `a(n)` becomes "a" or "an" after the word that follows.
"""

import random
import re

import world

PRONOUNS = {
    "he": {"he": "he", "him": "him", "his": "his"},
    "she": {"he": "she", "him": "her", "his": "her"},
    "it": {"he": "it", "him": "it", "his": "its"},
}
CHOICE = re.compile(r"\[([^\[\]]*)\]")
WORD = re.compile(r"\{(\w+)(\^?)\}")


class Tale:
    def __init__(self, rng: random.Random):
        self.rng = rng
        self.words: dict[str, str] = {}
        self.paragraphs: list[list[str]] = [[]]
        self.animal = rng.random() < 0.35
        self.friend_known = False
        self._cast()
        self._setting()

    def _person(self, role: str, name: str, noun: str, pronoun: str) -> None:
        forms = PRONOUNS[pronoun]
        self.words |= {role: name, role + "_kind": noun}
        self.words |= {f"{word}_{role}": form for word, form in forms.items()}

    def _cast(self) -> None:
        rng = self.rng
        if self.animal:
            first, second = rng.sample(world.ANIMALS, 2)
            elder = rng.choice(world.ANIMAL_ELDERS)
        else:
            first, second = rng.sample(
                [(n, "girl", "she") for n in world.GIRLS] + [(n, "boy", "he") for n in world.BOYS], 2
            )
            elder = rng.choice(world.ELDERS)
        self._person("hero", *first)
        self._person("friend", *second)
        self._person("elder", elder[0], "", elder[1])
        self.words["elder_place"] = elder[2]
        self.words |= dict(zip(("trait", "habit"), rng.choice(world.TRAITS)))

    def _setting(self) -> None:
        place = self.rng.choice(world.ANIMAL_PLACES if self.animal else world.PLACES)
        self.words |= dict(zip(("home", "where", "corner", "spot", "way", "water"), place))
        weather = self.rng.choice(world.WEATHER)
        self.words |= dict(zip(("day", "sky", "wayfeel", "dusk"), weather))

    def draw(self, names: str, table: list[tuple[str, ...]]) -> None:
        """Takes one row of a table of the world and names its columns."""
        self.words |= dict(zip(names.split(), self.rng.choice(table)))

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def say(self, template: str) -> None:
        self.paragraphs[-1].append(self.expand(template))

    def maybe(self, template: str, probability: float = 0.5) -> None:
        if self.chance(probability):
            self.say(template)

    def paragraph(self) -> None:
        self.paragraphs.append([])

    def expand(self, template: str) -> str:
        text = template
        while CHOICE.search(text):
            text = CHOICE.sub(lambda m: self.rng.choice(m.group(1).split("|")), text, count=1)
        text = WORD.sub(self._word, text)
        text = re.sub(r"\b([Aa])\(n\) (?=([\w]))", lambda m: m[1] + ("n " if m[2] in "aeiou" else " "), text)
        text = re.sub(r" +", " ", text).strip()
        text = re.sub(r" ([,.!?])", r"\1", text)
        return text[0].upper() + text[1:] if text[0] != '"' else text[0] + text[1].upper() + text[2:]

    def _word(self, match: re.Match[str]) -> str:
        word = self._friend_at_first() if match[1] == "friend1" else self.words[match[1]]
        return word[0].upper() + word[1:] if match[2] else word

    def _friend_at_first(self) -> str:
        """The friend's name, introduced if the opening has not done so."""
        known, self.friend_known = self.friend_known, True
        return self.words["friend"] if known else f"{self.words['his_hero']} friend {self.words['friend']}"

    def text(self) -> str:
        return "\n\n".join(" ".join(sentences) for sentences in self.paragraphs if sentences)
