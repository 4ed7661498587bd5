"""Why a request was not accepted, where the request is not to blame (ARCHITECTURE 14)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from conformance.exchange.refusal_matching import names_parameter, quotes_value

if TYPE_CHECKING:
    from conformance.exchange.error_text import ErrorText

Cause = Literal[
    "quota", "key", "access", "moderation", "rate-limit", "not served", "outage", "other"
]
"""Why a request was not accepted, where that is not a fault of the request itself.

`access` is about who asks, or from where.
"""

_NO_LETTER = re.compile(r"[^a-z0-9]+")

_QUOTA_CODES = re.compile(
    r"insufficient(user|account)?(quota|balance|credits?|funds?)|arrear|overdue|billing"
    r"|paymentrequired|outofcredits?|nocredits?|freetieronly|consumetokenquotafailed"
    r"|(balance|credits?)(is)?(not)?(exhausted|insufficient|depleted|enough|exceeded)"
    r"|notenough(quota|balance|credits?)|quota(is)?(exhausted|notenough|insufficient)"
    r"|budgetexceeded|(monthly|plan)limit(reached|exceeded)"
)
_MONEY = (
    r"(?:\b(?:quotas?|balance|credits?|funds|wallet|allowance|saldo|cr[eé]ditos?|cr[eé]dits?|solde"
    r"|fondos|fundos|fondi|guthaben|kontingent|krediet|tegoed|bakiye|kredi)\b"
    r"|средств|баланс|кредит|квот|余额|餘額|额度|額度|配额|配額|积分|積分|点数|點數|残高|クレジット|ポイント"
    r"|잔액|크레딧|포인트)"
)
_AT_ITS_END = (
    r"(?:not enough|not sufficient|insufficient|exhausted|depleted|used up|run out|ran out|out of"
    r"|no more|no remaining|too low|negative|overdue|insuf\w+|agotad\w+|esgotad\w+|esaurit\w+"
    r"|épuis\w+|aufgebraucht|erschöpft|nicht (?:genug|genügend|ausreichend|gedeckt)|onvoldoende"
    r"|yetersiz|tüken\w+|недостаточно|не хватает|закончил\w+|исчерпан\w*"
    r"|不足|用尽|用盡|用完|耗尽|耗盡|不够|不夠|超|ありません|足りません|使い切|부족|소진|없습니다)"
)
_BALANCE = re.compile(
    rf"{_MONEY}[^.。]{{0,60}}{_AT_ITS_END}|{_AT_ITS_END}[^.。]{{0,30}}{_MONEY}"
    r"|\b(balance|credits?|funds)\b[^.]{0,60}\bexceeded"
    r"|\b(billing|spending|payment)\b[^.]{0,30}\b(limit|cap|required|overdue|not active)"
    r"|\bunpaid (invoices?|bills?)|\btrial\b[^.]{0,20}\b(expired|ended|over)\b"
    r"|\bin arrears\b|arrearage|good standing|\b(top[ -]?up|recharge)\b"
    r"|\b(add|buy|purchase) (more )?(credits?|funds)|\bbudget\b[^.]{0,20}\bexceeded"
    r"|欠费|欠費|充值|儲值|预扣费|チャージ|충전"
    r"|\b(recarga|recarregue|recarregar|ricarica|rechargez|aufladen)\b|пополните",
    re.IGNORECASE,
)
"""An account at its end: no money, in the word order of many languages, or how to get some."""
_NO_TOKENS = re.compile(r"\b(not enough|insufficient|no more) tokens\b", re.IGNORECASE)
_LENGTH = re.compile(
    r"\bcontext\b|\btoo (long|many|large)\b|\blength\b|\bcharacters\b|\bmax(imum)?\b", re.IGNORECASE
)
"""How a prompt that is too long is refused: the tokens that it lacks are no money."""
_PLAN = re.compile(
    r"\b((dai|week|month)ly|plan(.s)?|free[ -](plan|tier|trial)|subscription)\b[^.]{0,40}"
    r"\b(limits?|allocation|allowance)\b"
    r"|\bfree (allocation|allowance)\b|\blimits?\b[^.]{0,40}\b(your|free|current) (plan|tier)\b"
    r"|\bupgrade\b[^.]{0,40}\b(plan|tier|subscription|account)\b",
    re.IGNORECASE,
)
"""The limit of a plan: an end of the account, unless a parameter is named that it lacks."""
_LANDS = (
    r"(país|región|região|ubicación|localização|(votre|ce) pays|région|paese|regione|land|standort)"
)
_REGION = re.compile(
    r"\b(location|country|region|territory|jurisdiction)\b[^.]{0,60}"
    r"\b(not (yet )?(supported|available|allowed|permitted|eligible)|unsupported|unavailable"
    r"|blocked|restricted|forbidden|prohibited)\b"
    r"|\b(not (yet )?(supported|available|allowed|permitted)|unsupported|unavailable|blocked"
    r"|restricted)\b[^.]{0,40}\b(your|this|the user.s|from) "
    r"(current )?(location|country|region|territory|jurisdiction)\b"
    r"|\bunsupported (user )?(location|country|region|territory)\b"
    r"|(地区|地區|国家|國家|所在地)[^。]{0,20}(不支持|不可用|不受支持|限制)"
    r"|(不支持|无法在|不对)[^。]{0,12}(地区|国家|所在地)|(国|地域)[^。]{0,20}(利用できません|サポートされて)"
    r"|(국가|지역)[^.]{0,20}(지원되지|지원하지|사용할 수 없)"
    rf"|\b{_LANDS}\b[^.]{{0,60}}\b(no|não|non|pas|nicht)\b"
    rf"|\b(no|não|non|pas|nicht)\b[^.]{{0,20}}\b(disp\w+|soport\w+|support\w+|verfügbar|unterstützt)"
    rf"[^.]{{0,40}}\b{_LANDS}\b"
    r"|(стран|регион)[^.]{0,60}не (поддерж|доступ)|не (поддерж|доступ)[^.]{0,60}(стран|регион)",
    re.IGNORECASE,
)
_STANDING = re.compile(
    r"\b(organi[sz]ation|account|identity) (must|has to|needs to) be verified\b"
    r"|\b(organi[sz]ation|account|identity) (is|was|has) not (yet )?(been )?verified\b"
    r"|\bverify your (organi[sz]ation|account|identity)\b"
    r"|\b(organi[sz]ation|account|project) (is |was |has been )?"
    r"(suspended|deactivated|archived|banned)\b",
    re.IGNORECASE,
)
"""What an account has yet to do, or is no more: no fault of a request, whatever `param` names."""
_REGION_CODES = re.compile(
    r"(unsupported|invalid|restricted|blocked)(user)?(country|region|location|territory)"
    r"|(country|region|location|territory)\w*(notsupported|unsupported|notallowed|restricted|blocked)"
)
_EXCEEDED = re.compile(
    r"\b(exceed\w*|reached|over)\b[^.]{0,30}\b(quota|usage limit|spend\w* limit)"
    r"|\bquota\b[^.]{0,40}\b(exceeded|reached)",
    re.IGNORECASE,
)
_PACE = re.compile(
    r"\bper[ _-](second|minute|hour|day)|/ ?(s|min|h|day)\b|rate[ _-]?limit|too many requests"
    r"|\b(rpm|tpm|ipm|qps|rpd)\b|throttl|concurren|请求过于频繁|频率",
    re.IGNORECASE,
)
_PACE_CODES = re.compile(r"throttl|ratelimit|toomanyrequests|requestsperminute")
_KEY_CODES = re.compile(
    r"invalid(api)?(key|token)|apikeyinvalid|unauthori[sz]ed|unauthenticated|authentication|^401$"
)
_SURE_KEY_CODES = re.compile(
    r"invalidapikey|apikeyinvalid|^unauthenticated$|^authentication(error)?$"
)
_KEY_TEXT = re.compile(
    r"api[ _-]?key|\btoken\b|unauthori[sz]ed|authenticat|credential|令牌|密钥", re.IGNORECASE
)
_BAD_KEY = re.compile(
    r"(invalid|incorrect|expired|wrong|no)\b[^.]{0,20}\bapi[ _-]?key"
    r"|api[ _-]?key\b[^.]{0,30}\b(invalid|not valid|incorrect|expired|missing|revoked|disabled"
    r"|deleted|deactivated|suspended|unknown)|无效的令牌|令牌已过期",
    re.IGNORECASE,
)
_MODERATION_CODES = re.compile(
    r"moderation(blocked|failed|rejected|flagged|error|refused)|^(content)?moderat(ion|ed)$|nsfw"
    r"|(content|prompt|input|output|image)(policy|filter|moderat|flagged|blocked|unsafe|safety)"
    r"|datainspection|sensitive|policyviolation|responsibleai|safety(system|violation|blocked)"
    r"|ipinfringement|prohibitedcontent|bannedword|^unsafe|unsafe(content|prompt|image|input|output)"
)
_RULES = r"(polic(y|ies)|guidelines?|terms|standards|rules of use|code of conduct|acceptable use)"
_BAD = (
    r"(inappropriate|sensitive|prohibited|disallowed|forbidden|banned|unsafe|harmful|explicit"
    r"|offensive|objectionable|illicit|illegal|sexual|violent|hateful|copyrighted|nsfw)"
)
_THINGS = (
    r"(content(?![ -](type|length|encoding))|words?|terms?|phrases?|material|imagery|information"
    r"|prompts?)"
)

_MODERATION = re.compile(
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
"""How providers say, in many languages, that a prompt or an image is not allowed."""

_OF_A_VALUE = re.compile(
    r"\binvalid value|\b(supported|allowed|valid|permitted|accepted|possible) (values?|options?)\b"
    r"|\b(must|should|has to|can only) be (one\b|either\b|an?\b|in\b|between\b|at (least|most)\b"
    r"|less\b|greater\b|equal\b|[\W\d]|\w+ or \w+)"
    r"|\bnot one of\b|\bexpected (one|an?|string|integer|boolean|number)\b|\bunsupported value\b"
    r"|\bunknown (parameter|field|argument|value)|\bunrecogni[sz]ed\b|取值|枚举",
    re.IGNORECASE,
)
"""How a value is refused; whatever it is, it is no moderation."""

NOT_SERVED_CODES = frozenset(
    {
        "modelnotfound", "modelnotsupported", "deploymentnotfound", "modelnotexist",
        "modeldoesnotexist", "modelnotavailable", "modelunavailable", "nosuchmodel",
        "invalidmodel", "invalidmodelname", "unknownmodel", "unsupportedmodel",
    }
)  # fmt: skip
_NOT_SERVED_TEXT = re.compile(
    r"model\b.{0,80}\b(does not exist|not exist|not found|not available|deprecated|retired"
    r"|no longer|not (in|on|part of) (our|the|this))|no available channel|no_fixture_match"
    r"|\b(invalid model name|(unknown|unrecogni[sz]ed|unsupported|no such) model)\b"
    r"|\bnot an? (valid|known|supported) model\b"
    r"|\bno endpoints? (found|available) for|\bno(t have)? access to (the )?model\b"
    r"|无可用渠道|模型.{0,40}(不存在|未找到|不可用)|モデル.{0,40}(見つかりません|存在しません)"
    r"|모델.{0,40}(찾을 수 없|존재하지)|modelo.{0,60}(no existe|não existe|(no|não) encontrado)"
    r"|modèle.{0,60}(n.existe pas|introuvable)|модел.{0,60}(не найден|не существует)",
    re.IGNORECASE | re.DOTALL,
)

_NOBODY = re.compile(r"\W*(?:none|null|undefined)?\W*")  # LiteLLM writes "None" for nothing
_THE_MODEL = re.compile(r"model|deployment")
_MISTAKE_STATUSES = frozenset({405, 413, 414, 415})
"""Statuses that name the fault themselves, whatever the page below them looks like."""


def cause_of(
    status: int, error: ErrorText, page: bool = False, request: bytes = b""
) -> Cause | None:
    """Return why no image came; None where that may be a fault of the request.

    `page` says that the body is a web page: a gateway wrote it, and not the API. `request` is the
    body that was sent: what quotes a value of it is about that value.
    """
    # The one status that is about money, whatever is said beside it.
    if status == 402:
        return "quota"
    cause = _stated_cause(status, error, request)
    if cause is not None:
        return cause
    if status == 429:
        return "rate-limit"
    if status in (408, 409, 425) or status >= 500:
        return "outage"
    if status == 401:
        return "key"
    if status in (403, 407, 451):
        return "other"
    return "other" if page and status not in _MISTAKE_STATUSES else None


def _stated_cause(status: int, error: ErrorText, request: bytes) -> Cause | None:
    """Return the cause that an error states: by a sure code, or by words if it names no value."""
    # In this order: words may fit two causes, and the surer one counts.
    text, unnamed = error.text[:500], not blames_another(error.param)
    if _has_code(error, _QUOTA_CODES) or (unnamed and _is_quota(status, text, request)):
        return "quota"
    of_place = _has_code(error, _REGION_CODES) or (unnamed and _REGION.search(text))
    if of_place or _STANDING.search(text):
        return "access"
    if says_not_served(status, error):
        return "not served"
    if _has_code(error, _PACE_CODES):
        return "rate-limit"
    of_prompt = unnamed or error.param[:200].rpartition(".")[2].lower() == "prompt"
    if _has_code(error, _MODERATION_CODES) or (of_prompt and _is_moderated(text, request)):
        return "moderation"
    if _has_code(error, _SURE_KEY_CODES):
        return "key"
    if not unnamed:
        return None
    by_status = status == 403 and (_KEY_TEXT.search(text) or _has_code(error, _KEY_CODES))
    return "key" if status == 401 or by_status or _BAD_KEY.search(text) else None


def _is_quota(status: int, text: str, request: bytes) -> bool:
    """Return whether the account is at its end, which an exceeded pace is not."""
    if _PACE.search(text):
        return False
    if _BALANCE.search(text):
        return True
    if _NO_TOKENS.search(text):
        return not _LENGTH.search(text)
    if _PLAN.search(text):
        return not (names_parameter(text, request) or quotes_value(text, request))
    mistake = status in (400, 404, 405, 413, 414, 415, 422)
    return not mistake and _EXCEEDED.search(text) is not None


def _is_moderated(text: str, request: bytes) -> bool:
    """Return whether words say that the prompt, or the image, is not allowed."""
    if _OF_A_VALUE.search(text) or quotes_value(text, request):
        return False
    return _MODERATION.search(text) is not None


def says_not_served(status: int, error: ErrorText) -> bool:
    """Recognise every real form of "this model is not here".

    Sources: OpenAI's 404, its 403 for a project without access and its 400 ``invalid_value`` on
    ``model``; new-api's 503 ``model_not_found``; LiteLLM's 400 without a code. An error that
    blames another parameter is about that, whichever model its message speaks of.
    """
    if status not in (400, 403, 404, 410, 422, 503) and not 200 <= status < 300:
        return False
    if blames_another(error.param):
        return False
    if _plain(error.code) in NOT_SERVED_CODES or _plain(error.type) in NOT_SERVED_CODES:
        return True
    if error.param == "model" and error.code == "invalid_value":
        return True
    return _NOT_SERVED_TEXT.search(error.text[:500]) is not None


def blames_another(param: str) -> bool:
    """Return whether an error names a parameter, and not the model."""
    blamed = param[:200].lower()
    return not (_NOBODY.fullmatch(blamed) or _THE_MODEL.search(blamed))


def _has_code(error: ErrorText, codes: re.Pattern[str]) -> bool:
    return any(codes.search(_plain(name)) for name in (error.code, error.type) if name)


def _plain(code: str) -> str:
    return _NO_LETTER.sub("", code[:100].lower())
