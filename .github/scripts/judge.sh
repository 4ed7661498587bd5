#!/usr/bin/env bash
# Judge one provider. From the environment: PROVIDER (a name, or the path of a TOML file), RUN_FILE,
# and where wanted MODE (live, or replay of CASSETTES), MODELS. Live also KEY, BUDGET (US dollars),
# MAX_REQUESTS, STRENGTH, CONFIRM, BASELINE, CONCURRENCY; what will be sent and its price stand in the
# summary before anything is sent.
# The exit code of the suite becomes the output "conclusion": 0 conforms, 1 does not, 2 unknown.
set -euo pipefail
export PYTHONSAFEPATH=1  # the current folder is the repository of whoever uses this

# Add an option to `arguments` for each variable that is set.
options() {
  local name option
  for name in "$@"; do
    option=${name,,}
    [[ -z ${!name:-} ]] || arguments+=("--${option//_/-}" "${!name}")
  done
}

case ${MODE:-live} in
  replay)
    arguments=(run --provider "$PROVIDER" --replay --quiet --output "$RUN_FILE")
    options MODELS CASSETTES
    ;;
  live)
    variable=$(python -P -c 'import sys; from conformance.providers import load_provider
print(load_provider(sys.argv[1]).key_variable or "")' "$PROVIDER")
    if [[ -n $variable && -n ${KEY:-} ]]; then
      export "$variable=$KEY"
    fi
    arguments=(plan --provider "$PROVIDER")
    options MODELS BUDGET MAX_REQUESTS STRENGTH
    {
      printf '<details><summary>The plan for %s</summary>\n\n```\n' "${PROVIDER##*/}"
      COLUMNS=140 image-conformance "${arguments[@]}"
      printf '```\n\n</details>\n\n'
    } >> "$GITHUB_STEP_SUMMARY"
    arguments=(run --provider "$PROVIDER" --live --quiet --output "$RUN_FILE")
    options MODELS BUDGET MAX_REQUESTS STRENGTH CONFIRM BASELINE CONCURRENCY
    ;;
  *)
    echo "::error::mode: '$MODE' is neither live nor replay"
    exit 1
    ;;
esac

code=0
image-conformance "${arguments[@]}" || code=$?
echo "conclusion=$code" >> "$GITHUB_OUTPUT"
if [[ ! -s $RUN_FILE ]]; then
  echo "::error::$PROVIDER was not judged at all; the lines above say why"
  exit 1
fi
