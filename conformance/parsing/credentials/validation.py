"""Whether the signature of content credentials holds: by c2pa-python, where it is installed."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

from msgspec import structs

from conformance.output.printing import printable
from conformance.parsing.credentials.records import Credentials, Standing

_OFFLINE = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
_ABOUT_SIGNER = ("signingCredential.", "timeStamp.")
"""With these begin failures that say nothing against the picture: an expired certificate."""


def validated(claimed: Credentials, kind: str, data: bytes) -> Credentials:
    """Return credentials as they stand after validation; as they are, without a validator."""
    library = _library()
    if library is None:
        return claimed
    try:
        context = library.Context(library.Settings.from_dict(_OFFLINE))
        with library.Reader(f"image/{kind}", io.BytesIO(data), context=context) as reader:
            state = reader.get_validation_state()
            results = reader.get_validation_results() or {}
            signature = (reader.get_active_manifest() or {}).get("signature_info") or {}
    except (library.C2paError, ValueError) as error:
        fault = printable(f"the validator cannot read them: {error}", 100)
        return structs.replace(claimed, standing=Standing.DAMAGED, fault=fault)
    if state in ("Valid", "Trusted"):
        signer = printable(str(signature.get("issuer") or claimed.signer), 100)
        return structs.replace(
            claimed, standing=Standing.SIGNED, signer=signer, trusted=state == "Trusted"
        )
    codes = [
        str(failure.get("code")) for failure in results.get("activeManifest", {}).get("failure", [])
    ]
    against = [code for code in codes if not code.startswith(_ABOUT_SIGNER)]
    fault = printable(", ".join(against or codes) or "the validator does not say why", 100)
    standing = Standing.CLAIMED if codes and not against else Standing.INVALID
    return structs.replace(claimed, standing=standing, fault=fault)


@cache
def _library() -> Any:
    """Return c2pa-python, or None: it is the extra `credentials`, and brings 50 MB."""
    try:
        import c2pa
    except (ImportError, OSError):
        return None
    return c2pa
