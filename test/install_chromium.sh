#!/usr/bin/env bash
# Installs Debian's Chromium for the tests of the live page, where root may; without it those tests are skipped.
set -euo pipefail
if command -v chromium > /dev/null; then
  exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
  echo "no chromium, and no right to install it: the tests of the live page will be skipped"
  exit 0
fi
(apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium) > /dev/null 2>&1 ||
  echo "chromium cannot be installed here: the tests of the live page will be skipped"
