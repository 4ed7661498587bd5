#!/usr/bin/env bash
# Compare a night with the good nights before it, say since when each verdict holds, and keep the
# night if it is a good one: a night on which a regression waits for its confirmation is none, or
# the next one would take the broken promise for what always was.
# From the environment: RUN_FILE, GOOD (folder of good nights), CONCLUSION (of the run), OUT.
# As outputs: code (0 nothing got worse, 1 something did, 2 unknown), good (true or false).
set -euo pipefail
export PYTHONSAFEPATH=1
kept=30  # nights

mkdir -p "$GOOD" "$OUT"
shopt -s nullglob globstar
nights=("$GOOD"/**/*.jsonl)
code=0
worse=0
if ((${#nights[@]})); then
  image-conformance drift "$GOOD" "$RUN_FILE" -o "$OUT/drift.md" -o "$OUT/drift.json" || code=$?
  cat "$OUT/drift.md" >> "$GITHUB_STEP_SUMMARY"
  worse=$(python -P -c 'import json, sys
print(json.load(open(sys.argv[1], encoding="utf-8"))["counts"]["regression"])' "$OUT/drift.json")
  every=$(mktemp -d)
  cp "${nights[@]}" "$RUN_FILE" "$every"
  image-conformance history "$every" --format md --output "$OUT/history.md" >> "$GITHUB_STEP_SUMMARY"
elif ((CONCLUSION != 0 && CONCLUSION != 1)); then
  code=2
  echo "The first night could not be judged whole, so the next is the first." >> "$GITHUB_STEP_SUMMARY"
elif [[ $(tail -n 1 "$RUN_FILE" | python -P -c 'import json, sys
end = json.load(sys.stdin)
print(end.get("type") == "end" and end.get("whole") is True)') != True ]]; then
  code=2
  echo "The first night judged only a part, so the next is the first." >> "$GITHUB_STEP_SUMMARY"
else
  echo "The first night: there is nothing to compare with yet." >> "$GITHUB_STEP_SUMMARY"
fi

keep=false
if ((code == 0 && worse)); then
  echo "No good night: what waits for confirmation is sent again on the next." >> "$GITHUB_STEP_SUMMARY"
elif ((code == 0)); then
  keep=true
  cp "$RUN_FILE" "$GOOD/$(date -u +%Y%m%dT%H%M%S%NZ).jsonl"
  nights=("$GOOD"/*.jsonl)
  for ((place = 0; place < ${#nights[@]} - kept; place++)); do
    rm "${nights[place]}"
  done
fi
{
  echo "code=$code"
  echo "good=$keep"
} >> "$GITHUB_OUTPUT"
