"""Invented people. Family names are made so that nobody takes them for real ones."""

from __future__ import annotations

from random import Random

FEMALE = [
    "Nora",
    "Juniper",
    "Mabel",
    "Petra",
    "Amara",
    "Ingrid",
    "Yuki",
    "Leila",
    "Rosalind",
    "Thandiwe",
    "Priya",
    "Marisol",
    "Saoirse",
    "Anh",
    "Fatou",
    "Ewa",
    "Noor",
    "Carmen",
    "Hana",
    "Wren",
    "Olga",
    "Tamsin",
    "Zainab",
    "Mei",
    "Lucia",
    "Freya",
    "Adaeze",
    "Ruth",
    "Soraya",
    "Ilse",
    "Paloma",
    "Greta",
    "Nadia",
    "Imogen",
    "Chioma",
    "Delphine",
    "Alma",
    "Sunniva",
    "Rahel",
    "Bianca",
]
MALE = [
    "Otis",
    "Idris",
    "Caspian",
    "Hugo",
    "Tobias",
    "Mateo",
    "Kwame",
    "Arjun",
    "Dmitri",
    "Seán",
    "Haruto",
    "Bilal",
    "Emeka",
    "Lars",
    "Tariq",
    "Oskar",
    "Rafael",
    "Minh",
    "Yusuf",
    "Anton",
    "Felix",
    "Diego",
    "Samir",
    "Ravi",
    "Leif",
    "Jamal",
    "Ivo",
    "Cormac",
    "Andres",
    "Kofi",
    "Pavel",
    "Ellis",
    "Marek",
    "Teodor",
    "Nikhil",
    "Baptiste",
    "Sami",
    "Ulrich",
    "Omar",
    "Jonas",
]
OTHER = ["Robin", "Quinn", "Sky", "Ash", "Rowan", "Kit"]
FIRST_PARTS = [
    "Example",
    "Sample",
    "Test",
    "Demo",
    "Mock",
    "Proto",
    "Draft",
    "Sketch",
    "Pretend",
    "Specimen",
    "Model",
    "Fiction",
    "Trial",
    "Dummy",
    "Figment",
    "Stand",
    "Blank",
    "Pattern",
    "Sham",
    "Fable",
]
LAST_PARTS = [
    "by",
    "ton",
    "wick",
    "stead",
    "ley",
    "ford",
    "well",
    "worth",
    "man",
    "feld",
    "sen",
    "ova",
]


def people(count: int, random: Random) -> list[tuple[str, str, str]]:
    """(given, family, FHIR gender), each pair of names once."""
    families = [first + last for first in FIRST_PARTS for last in LAST_PARTS]
    random.shuffle(families)
    made = []
    for number in range(count):
        sex = random.choices(("female", "male", "other"), (56, 42, 2))[0]
        given = {"female": FEMALE, "male": MALE, "other": OTHER}[sex]
        made.append((random.choice(given), families[number], sex))
    return made
