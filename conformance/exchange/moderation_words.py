"""How providers say, in many languages, that a prompt or an image is not allowed."""

from __future__ import annotations

import re

_RULES = r"(polic(y|ies)|guidelines?|terms|standards|rules of use|code of conduct|acceptable use)"
_BAD = (
    r"(inappropriate|sensitive|prohibited|disallowed|forbidden|banned|unsafe|harmful|explicit"
    r"|offensive|objectionable|illicit|illegal|sexual|violent|hateful|copyrighted|nsfw)"
)
_THINGS = (
    r"(content(?![ -](type|length|encoding))|words?|terms?|phrases?|material|imagery|information"
    r"|prompts?)"
)

MODERATION = re.compile(
    r"\b(safety|content|moderation|nsfw|abuse|profanity)[ _-]"
    r"(system|filter\w*|check\w*|polic(y|ies)|guidelines?|guard\w*|moderation|classifier|screening"
    r"|violation|management policy)\b"
    r"|\bmoderation (block|refus|reject)|\bsafety (reasons|concerns)\b|\bresponsible ai\b|\bnsfw\b"
    rf"|\b(violat\w+|breach\w*|against|contraven\w+|comply with)\b[^.]{{0,60}}\b{_RULES}\b"
    rf"|\b(usage|use|content|community|safety) {_RULES}\b"
    r"|\b(blocked|rejected|flagged|filtered|declined|refused)\b[^.]{0,40}"
    r"\b(moderat\w+|safety|polic(y|ies)|unsafe|inappropriate|explicit|harmful|sensitive)\b"
    r"|\b(request|prompt|image|content|input|output)s? ((was|were|is|are|has been|got) )?"
    r"(moderated|flagged)\b"
    rf"|\bdeemed {_BAD}"
    rf"|\b{_BAD} {_THINGS}|\breal (person|people)\b[^.]{{0,20}}\bdetected"
    r"|\bcopyright (violation|infring)|\b(nudity|pornograph\w+|self-harm)\b"
    # Chinese, Japanese, Korean
    r"|敏感|违规|違規|违禁|審核|审核|不当内容|不當內容|不安全|色情|内容安全"
    r"|违反[^。]{0,20}(政策|准则|规范|条款)|內容政策|内容政策|安全(系统|系統|过滤|審查|审查)"
    r"|不適切|(安全|セーフティ)[^。]{0,4}(システム|フィルタ)|(ポリシー|ガイドライン|規約)[^。]{0,12}違反"
    r"|コンテンツ ?(ポリシー|フィルタ)|부적절|유해|안전 ?(시스템|필터)"
    r"|(정책|가이드라인|약관)[^.]{0,12}(위반|위배)|콘텐츠 ?(정책|필터)"
    # Spanish, Portuguese, Italian, French
    r"|\b(contenido|conteúdo|contenut[oi]|contenu) (\w+ )?"
    r"(inaprop|inapprop|inadecuad|inadequad|impróp|prohibid|proibid|vietat|interdit|sens[ií])\w*"
    r"|\b(sistema|filtro|système|filtre) d[ei] (seguridad|segurança|sicurezza|sécurité|conten\w+)"
    r"|\b(pol[ií]ticas?|politiques?|normas|diretrizes|directrices) d[ei] "
    r"(contenido|conteúdo|contenu|uso|utilisation|seguridad|segurança|sécurité|modération)"
    r"|\b(viola|infring|incumpl|enfrei|contrair|contrari)\w*\b[^.]{0,50}"
    r"\b(pol[ií]tic|politiqu|norm[ae]|directrices|diretrizes|linee guida|règles|condi[tz]i|termos)"
    # German, Dutch, Turkish, Russian
    r"|\b(unangemessen|anstößig|unzulässig|verboten)\w* inhalt|\binhalts?(richtlinie|filter)"
    r"|\bsicherheits(system|filter|richtlinie)|\b(nutzungs)?richtlinien?\b[^.]{0,40}\bverst"
    r"|\b(verstö|verstoß|verletz)\w*\b[^.]{0,60}(richtlinie|bedingungen|regeln)"
    r"|\bongepaste inhoud|\binhoudsbeleid|\bveiligheids(systeem|filter)"
    r"|\bin strijd met\b[^.]{0,40}(beleid|richtlijnen|voorwaarden)"
    r"|\buygunsuz içerik|\biçerik politika|\bgüvenlik (sistem|filtre)|politika\w*[^.]{0,20}ihlal"
    r"|(наруша|нарушен|противореч)\w*[^.]{0,60}(политик|правил|услови)"
    r"|(недопустим|запрещ[её]нн|неприемлем)\w* (контент|содержани|слов)|систем\w* безопасности",
    re.IGNORECASE,
)
