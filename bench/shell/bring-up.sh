#!/usr/bin/env bash
# The pair by script on two empty running servers of this machine.
#   bring-up.sh DIRECTORY1 ADDRESS1 PORT1 DIRECTORY2 ADDRESS2 PORT2
set -euo pipefail
here=$(dirname "$0")
. "$here/reach.sh"
. "$here/pair.sh"

accepts() { mariadb-admin --no-defaults --silent --connect-timeout=2 --socket="$1/mariadb.sock" ping >/dev/null 2>&1; }

restart() { # DIRECTORY
  local pid
  pid=$(<"$1/mariadb.pid")
  gone() { ! kill -0 "$pid" 2>/dev/null; }
  mariadb-admin --no-defaults --socket="$1/mariadb.sock" shutdown
  wait_until "the server in $1 to stop" gone
  mariadbd --defaults-file="$1/my.cnf" --pid-file="$1/mariadb.pid" --log-error="$1/error.log" --user="$(id -un)" \
    </dev/null >/dev/null 2>&1 &
  wait_until "the server in $1 to take connections" accepts "$1"
}

prepare() { # NUMBER DIRECTORY
  (umask 077 && "$here/option-file.sh" "$1" >"$(option_file "$2")")
  restart "$2"
  accounts | sql "$2"
}

prepare 1 "$1" & first=$!
prepare 2 "$4" & second=$!
wait $first
wait $second
link_both "$@"
