#!/bin/sh
# Starts a process of a Cloud Native Buildpacks image: /cnb/process/<type> [arg...], launcher -- <command> [arg...],
# launcher <type>, launcher <command> [arg...] or launcher "<command line>". The exporter has written what there is to
# know under <layers>/config/launch as shell text. Names that begin with _cnb_ are the launcher's own.

_cnb_fail() {
  printf 'launcher: %s\n' "$1" >&2
  exit "${2-82}"
}

case ${CNB_PLATFORM_API-0.15} in
  0.12 | 0.13 | 0.14 | 0.15) ;;
  *) _cnb_fail "Platform API $CNB_PLATFORM_API is not supported" 11 ;;
esac

_cnb_only_in() {
  for _cnb_word; do
    [ "$_cnb_word" = "${CNB_EXEC_ENV:-production}" ] && return
  done
  _cnb_fail "the process type $_cnb_type is not for the execution environment ${CNB_EXEC_ENV:-production}"
}

# Runs a layer's exec.d program and sets the variables it writes to file descriptor 3 as TOML: NAME = "value".
_cnb_exec_d() {
  exec 4>&1
  _cnb_output=$("$1" 3>&1 >&4 4>&-) || _cnb_fail "$1 failed with exit status $?"
  exec 4>&-
  while IFS= read -r _cnb_line; do
    _cnb_trim "${_cnb_line%"$_cnb_return"}"
    case $_cnb_trimmed in
      '' | '#'*) continue ;;
      *=*) ;;
      *) _cnb_fail "$1 wrote a line that is not NAME = \"value\"" ;;
    esac
    _cnb_rest=${_cnb_trimmed#*=}
    _cnb_trim "${_cnb_trimmed%%=*}"
    _cnb_key=$_cnb_trimmed
    case $_cnb_key in
      '' | [0-9]* | *[!A-Za-z0-9_]*) _cnb_fail "$1 names a variable \"$_cnb_key\", which a shell cannot have" ;;
    esac
    _cnb_trim "$_cnb_rest"
    _cnb_rest=$_cnb_trimmed
    case $_cnb_rest in
      '"""'* | "'''"*) _cnb_fail "$1 wrote a text of several lines for $_cnb_key" ;;
      "'"*"'"*) _cnb_rest=${_cnb_rest#?} && _cnb_value=${_cnb_rest%%"'"*} && _cnb_rest=${_cnb_rest#*"'"} ;;
      '"'*) _cnb_rest=${_cnb_rest#?} && _cnb_basic_string "$1" ;;
      *) _cnb_fail "$1 wrote something other than a text for $_cnb_key" ;;
    esac
    _cnb_trim "$_cnb_rest"
    case $_cnb_trimmed in
      '' | '#'*) export "$_cnb_key=$_cnb_value" ;;
      *) _cnb_fail "$1 wrote something behind the text for $_cnb_key" ;;
    esac
  done <<EOF
$_cnb_output
EOF
}

_cnb_return=$(printf '\r')
_cnb_tab=$(printf '\t')

# Leaves its argument without the blanks around it in _cnb_trimmed.
_cnb_trim() {
  _cnb_trimmed=${1#"${1%%[! $_cnb_tab]*}"}
  _cnb_trimmed=${_cnb_trimmed%"${_cnb_trimmed##*[! $_cnb_tab]}"}
}

# Reads a basic string of TOML from _cnb_rest, behind its first quote, into _cnb_value; leaves what follows it.
_cnb_basic_string() {
  _cnb_value=
  while :; do
    _cnb_piece=${_cnb_rest%%[\"\\]*}
    [ "$_cnb_piece" != "$_cnb_rest" ] || _cnb_fail "$1 wrote a text without its end for $_cnb_key"
    _cnb_value=$_cnb_value$_cnb_piece
    _cnb_rest=${_cnb_rest#"$_cnb_piece"}
    case $_cnb_rest in
      \"*) _cnb_rest=${_cnb_rest#?} && return ;;
    esac
    _cnb_rest=${_cnb_rest#?}
    case $_cnb_rest in
      [\"\\]*)
        _cnb_value=$_cnb_value${_cnb_rest%"${_cnb_rest#?}"} && _cnb_rest=${_cnb_rest#?} ;;
      [btnfr]*)
        _cnb_piece=${_cnb_rest%"${_cnb_rest#?}"} && _cnb_rest=${_cnb_rest#?}
        _cnb_piece=$(printf "\\$_cnb_piece" && echo x)
        _cnb_value=$_cnb_value${_cnb_piece%x} ;;
      u????*) _cnb_piece=${_cnb_rest#?????} && _cnb_code_point "${_cnb_rest%"$_cnb_piece"}" "$1" ;;
      U????????*) _cnb_piece=${_cnb_rest#?????????} && _cnb_code_point "${_cnb_rest%"$_cnb_piece"}" "$1" ;;
      *) _cnb_fail "$1 wrote an escape that TOML does not have for $_cnb_key" ;;
    esac
  done
}

# Appends the character of an escape like u00e4 to _cnb_value in UTF-8, and goes on behind it at _cnb_piece.
_cnb_code_point() {
  _cnb_rest=$_cnb_piece
  _cnb_code=${1#?}
  case $_cnb_code in
    *[!0-9A-Fa-f]*) _cnb_code=0 ;;
    *) _cnb_code=$((0x$_cnb_code)) ;;
  esac
  if [ "$_cnb_code" -lt 1 ] || [ "$_cnb_code" -gt 1114111 ] || [ $((_cnb_code >> 11)) -eq 27 ]; then
    _cnb_fail "$2 wrote the escape \\$1, which stands for no character, for $_cnb_key"
  fi
  if [ "$_cnb_code" -lt 128 ]; then
    set -- "$_cnb_code"
  elif [ "$_cnb_code" -lt 2048 ]; then
    set -- $((192 | _cnb_code >> 6)) $((128 | _cnb_code & 63))
  elif [ "$_cnb_code" -lt 65536 ]; then
    set -- $((224 | _cnb_code >> 12)) $((128 | _cnb_code >> 6 & 63)) $((128 | _cnb_code & 63))
  else
    set -- $((240 | _cnb_code >> 18)) $((128 | _cnb_code >> 12 & 63)) $((128 | _cnb_code >> 6 & 63)) \
      $((128 | _cnb_code & 63))
  fi
  _cnb_octal=$(printf '\\%03o' "$@")
  _cnb_piece=$(printf "$_cnb_octal" && echo x)
  _cnb_value=$_cnb_value${_cnb_piece%x}
}

# Leaves its argument in _cnb_quoted, as one word of a shell.
_cnb_quote() {
  _cnb_quoted=
  _cnb_rest=$1
  while :; do
    case $_cnb_rest in
      *\'*) ;;
      *) break ;;
    esac
    _cnb_quoted=$_cnb_quoted${_cnb_rest%%\'*}"'\\''"
    _cnb_rest=${_cnb_rest#*\'}
  done
  _cnb_quoted="'$_cnb_quoted$_cnb_rest'"
}

_cnb_launch=${CNB_LAYERS_DIR:-/layers}/config/launch
_cnb_directory=${CNB_APP_DIR:-/workspace}
_cnb_home=$_cnb_directory
_cnb_type=${0##*/}
_cnb_shell=yes
_cnb_script='exec "$@"'

if [ ! -f "$_cnb_launch/process/$_cnb_type.sh" ]; then
  _cnb_type=
  case $#:${1-} in
    0:) _cnb_fail 'name a process type or a command' ;;
    1:--) _cnb_fail 'a command must follow --' ;;
    *:--) shift && _cnb_shell= ;;
    1:*/*) ;;
    1:*) [ ! -f "$_cnb_launch/process/$1.sh" ] || { _cnb_type=$1 && shift; } ;;
  esac
  if [ -z "$_cnb_type" ] && [ -n "$_cnb_shell" ] && [ $# -eq 1 ]; then
    case $1 in
      *[!A-Za-z0-9_./:@%+,-]*) _cnb_script=$1 && shift ;;
    esac
  fi
fi

# The image's PATH begins with the links to the process types, which are not for the processes themselves.
case $PATH in
  /cnb/process:*) PATH=${PATH#/cnb/process:} ;;
esac
unset CNB_LAYERS_DIR CNB_APP_DIR CNB_PROCESS_TYPE CNB_PLATFORM_API CNB_DEPRECATION_MODE

CDPATH='' cd -- "$_cnb_home" || _cnb_fail "the application's folder $_cnb_home cannot be entered"
if [ -n "$_cnb_type" ]; then
  . "$_cnb_launch/process/$_cnb_type.sh"
elif [ -f "$_cnb_launch/command.sh" ]; then
  . "$_cnb_launch/command.sh"
fi

if [ -n "$_cnb_shell" ]; then
  [ ! -f "$_cnb_home/.profile" ] || _cnb_profiles="${_cnb_profiles:+$_cnb_profiles
}$_cnb_home/.profile"
  if [ -n "${_cnb_profiles-}" ] || [ "$_cnb_script" != 'exec "$@"' ]; then
    # Profile scripts and the command run in one shell, bash where there is one, which becomes the command at its end.
    _cnb_before=
    while IFS= read -r _cnb_line; do
      [ -z "$_cnb_line" ] || { _cnb_quote "$_cnb_line" && _cnb_before="$_cnb_before. $_cnb_quoted
"; }
    done <<EOF
${_cnb_profiles-}
EOF
    _cnb_quote "$_cnb_directory"
    [ "$_cnb_directory" = "$_cnb_home" ] || _cnb_before="${_cnb_before}CDPATH='' cd -- $_cnb_quoted || exit 82
"
    if [ -x /bin/bash ]; then _cnb_with=/bin/bash; else _cnb_with=/bin/sh; fi
    exec "$_cnb_with" -c "$_cnb_before$_cnb_script" "${0##*/}" "$@"
  fi
fi

if [ "$_cnb_directory" != "$_cnb_home" ]; then
  CDPATH='' cd -- "$_cnb_directory" || _cnb_fail "the working directory $_cnb_directory cannot be entered"
fi
case $1 in
  */*) [ -x "$1" ] || _cnb_fail "$1 is not a program" ;;
  *) command -v "$1" >/dev/null || _cnb_fail "$1 is not on PATH ($PATH)" ;;
esac
exec "$@"
