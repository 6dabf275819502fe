#!/usr/bin/env bash
# Renews the hash-locked requirements from pyproject.toml. Run after changing a dependency: make lock
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { .venv/bin/uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-header \
  --no-emit-index-url --no-annotate pyproject.toml requirements/build.in -c requirements/constraints.in "$@"; }
compile --extra whisper --extra convert --extra mcp --group dev -o requirements/dev.txt
compile --extra convert -c requirements/dev.txt -o requirements/runtime.txt
