#!/usr/bin/env bash
# Start one third-party server on loopback, in the foreground; install it first if it is missing.
# Each lives in an environment of its own, outside the checkout: see docs/counterparts.md.
set -euo pipefail

LITELLM_VERSION=1.106.2
PRISMA_VERSION=0.15.0
PRISM_VERSION=5.14.2
AIMOCK_VERSION=1.43.0

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
home="${COUNTERPARTS_HOME:-$HOME/.cache/image-conformance}"
python="${PYTHON:-python3}"

say() { printf 'counterparts: %s\n' "$*" >&2; }

need() {
  command -v "$1" >/dev/null || { say "$1 is needed for $2 and was not found; install it"; exit 2; }
}

# The stamp is written last and names the versions, so that an install which was broken off,
# or a changed pin, installs again instead of starting half a server.
install_once() {
  local folder="$1" versions="$2"; shift 2
  local stamp="$folder/.installed"
  [[ -f "$stamp" && "$(cat "$stamp")" == "$versions" ]] && return
  say "installing $versions"
  mkdir -p "$folder"
  "$@" >&2 || { say "could not install $versions; see the lines above, then run this again"; exit 2; }
  printf '%s\n' "$versions" >"$stamp"
}

install_litellm() {
  "$python" -m venv --clear "$home/litellm/venv"
  "$home/litellm/venv/bin/python" -m pip install --quiet \
    "litellm[proxy]==$LITELLM_VERSION" "prisma==$PRISMA_VERSION"
}

install_npm() {
  npm install --no-audit --no-fund --loglevel=error --prefix "$1" "$2"
}

start_litellm() {
  need "$python" "the LiteLLM proxy"
  install_once "$home/litellm" "litellm $LITELLM_VERSION, prisma $PRISMA_VERSION" install_litellm
  export REFERENCE_BASE_URL="${REFERENCE_BASE_URL:-http://127.0.0.1:18001/v1}"
  export REFERENCE_KEY="${REFERENCE_KEY:-sk-reference-conformance}"
  export LITELLM_MASTER_KEY="${LITELLM_KEY:-sk-litellm-conformance}"
  # Nothing may leave loopback: no download of the price list, no proxy of the user's between
  # LiteLLM and the reference provider. A database would change how unknown keys are answered.
  export LITELLM_LOCAL_MODEL_COST_MAP=True NO_PROXY="127.0.0.1,localhost" no_proxy="127.0.0.1,localhost"
  unset DATABASE_URL
  exec "$home/litellm/venv/bin/litellm" --config "$here/litellm/config.yaml" \
    --host 127.0.0.1 --port "${LITELLM_PORT:-14000}" --telemetry False
}

start_prism() {
  need "$python" "the document for Prism"
  need npm "Prism"
  local prefix="$home/prism"
  install_once "$prefix" "prism $PRISM_VERSION" install_npm "$prefix" "@stoplight/prism-cli@$PRISM_VERSION"
  local document="${PRISM_DOCUMENT:-$prefix/document.json}"
  if [[ -z "${PRISM_DOCUMENT:-}" ]]; then
    "$python" "$here/prism_document.py" ${OPENAI_DOCUMENT:+--openai "$OPENAI_DOCUMENT"} >"$document"
  fi
  # Without -v silent the log printer of this version ends the process at the first text/plain.
  exec "$prefix/node_modules/.bin/prism" mock -v silent -h 127.0.0.1 -p "${PRISM_PORT:-14013}" "$document"
}

start_aimock() {
  need "$python" "the file server beside aimock"
  need npm "aimock"
  local prefix="$home/aimock"
  install_once "$prefix" "aimock $AIMOCK_VERSION" install_npm "$prefix" "@copilotkit/aimock@$AIMOCK_VERSION"
  # aimock serves no files, and a url fixture is only worth something if it can be fetched.
  "$python" -m http.server --bind 127.0.0.1 --directory "$here/aimock/files" 14021 >/dev/null &
  local files=$!
  AIMOCK_API_KEYS="${AIMOCK_KEY:-sk-aimock-conformance}" "$prefix/node_modules/.bin/llmock" \
    -h 127.0.0.1 -p "${AIMOCK_PORT:-14020}" -f "$here/aimock/images.json" --validate-on-load &
  local server=$!
  # shellcheck disable=SC2064  # the two process ids are meant as they are now
  trap "kill $files $server 2>/dev/null || true" EXIT
  trap 'exit 130' INT TERM
  # Whichever ends first ends both: aimock without its files would be judged wrongly.
  # (No `wait -n`: the bash of macOS does not have it.)
  while kill -0 "$files" 2>/dev/null && kill -0 "$server" 2>/dev/null; do sleep 1; done
  say "aimock or its file server on port 14021 has ended; see the lines above"
  exit 1
}

case "${1:-}" in
  litellm | prism | aimock) "start_$1" ;;
  *) say "usage: counterparts/start.sh litellm|prism|aimock"; exit 2 ;;
esac
