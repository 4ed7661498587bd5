"""Prompts: harmless by construction, never free text."""

from __future__ import annotations

PROMPT = "A green bicycle leaning against a yellow brick wall, flat illustration."
"""The prompt of the documented cases, so that a case and its control differ in one field."""

FORMAT_PROMPT = "Three striped umbrellas on a sandy beach, gouache painting."
"""The prompt of the cases that cross response format with size."""

WORD = "lantern"
"""Fills what must have a certain length."""

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
