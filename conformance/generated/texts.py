"""Hypothesis strategies for text: harmless by construction, in many scripts, up to the limit."""

from __future__ import annotations

from hypothesis import strategies as st

# harmless by construction, and never free text
SUBJECTS = (
    "bicycle", "lantern", "teapot", "kite", "lighthouse", "umbrella", "rowing boat", "windmill",
    "wooden chair", "hot-air balloon", "sunflower", "maple tree", "snail", "goldfish", "owl",
    "mountain hut", "glass marble", "paper crane", "violin", "clock tower", "cactus", "pumpkin",
)  # fmt: skip
MANNERS = (
    "striped", "tiny", "round", "weathered", "bright", "quiet", "folded", "polished", "woollen",
    "green", "ochre", "silver", "pale blue", "crimson", "ivory", "spotted", "transparent",
)  # fmt: skip
PLACES = (
    "on a windowsill", "beside a lake", "in morning fog", "under a bridge", "on a checked cloth",
    "in a greenhouse", "at the market", "on a gravel path", "behind a hedge", "in light snow",
)  # fmt: skip
STYLES = (
    "watercolour", "linocut", "isometric drawing", "pencil sketch", "flat illustration",
    "studio photograph", "mosaic", "paper collage", "oil painting", "pixel art",
)  # fmt: skip
SCRIPTS = (
    "등대 옆의 노란 우산",
    "湖のほとりの赤い自転車",
    "窗台上的一盆向日葵",
    "Синий чайник на клетчатой скатерти",
    "Ένα ξύλινο καράβι σε ήρεμη θάλασσα",
    "पहाड़ी के ऊपर एक रंगीन पतंग",
    "โคมไฟกระดาษในสวน",
    "მწვანე ველოსიპედი კედელთან",
    "የሸክላ ማሰሮ በጠረጴዛ ላይ",
)
RIGHT_TO_LEFT = (
    "قارب صغير على بحيرة هادئة",
    "مصباح نحاسي على الطاولة",
    "תפוח ירוק על אדן החלון",
    "پرنده‌ای آبی روی شاخه",
)
EMOJI = ("🚲", "🪁", "🌻", "☂️", "🐌", "👩‍🎨", "🏔️", "🍵", "🦉", "👩‍🌾")
COMBINING = (
    "cafe\u0301 table with a cre\u0300me jug",
    "jalapen\u0303o plant in a clay pot",
    "Fja\u030allnas hut with a red roof",
    "viê\u0323t lantern over a river",
    "n\u0308umlaut painted on a tile",
)

_LONGEST_PHRASE = 120  # characters; what phrases() can reach

Texts = st.SearchStrategy[str]


def phrases() -> Texts:
    """Draw a short harmless description of a picture."""
    # the first takes as few draws as any: shrinking prefers few, and then what comes first
    simple = st.sampled_from(SUBJECTS).map("A {}".format)
    plain = st.builds(
        "A {} {} {}, {}".format,
        *(st.sampled_from(words) for words in (MANNERS, SUBJECTS, PLACES, STYLES)),
    )
    foreign = st.sampled_from((*SCRIPTS, *RIGHT_TO_LEFT, *COMBINING))
    mixed = st.builds("{} {} {}".format, st.sampled_from(EMOJI), foreign, st.sampled_from(EMOJI))
    return st.one_of(simple, plain, foreign, mixed, st.builds("{}, {}".format, foreign, plain))


def texts(shortest: int, longest: int | None) -> Texts:
    """Draw harmless text within these lengths in characters, both ends included."""
    limits = {shortest, shortest if longest is None else longest} - {0}
    exact = [texts_of(st.just(length)) for length in sorted(limits)]
    if shortest <= 1 and (longest is None or longest >= _LONGEST_PHRASE):
        return st.one_of(phrases(), phrases(), *exact)
    upper = shortest + _LONGEST_PHRASE if longest is None else min(longest, 2 * _LONGEST_PHRASE)
    return st.one_of(*exact, texts_of(st.integers(shortest, max(shortest, upper))))


def texts_of(lengths: st.SearchStrategy[int]) -> Texts:
    """Draw plain words of an exact length.

    Only ASCII: a server may count bytes, UTF-16 units or code points, and may normalise
    first; no source says which, so a text at a limit must have the same length in all.
    """
    words = st.lists(st.sampled_from((*SUBJECTS, *MANNERS)), min_size=1, max_size=6)
    return st.builds(_fill, words, lengths)


def _fill(words: list[str], length: int) -> str:
    phrase = ", ".join(words) + ", "
    text = (phrase * (length // len(phrase) + 1))[:length]
    return text[:-1] + "s" if text else ""  # no blank at the end that a server might strip
