#!/usr/bin/env bash
# The pair by script on two hosts with an empty running server, over one multiplexed SSH connection to each, both side by side. A second run
# restarts nothing when the option file is as wanted.
#   bring-up-hosts.sh HOST1 ADDRESS1 PORT1 HOST2 ADDRESS2 PORT2
set -euo pipefail
here=$(dirname "$0")
. "$here/reach.sh"
. "$here/pair.sh"

prepare() { # NUMBER HOST
  local file
  file=$(option_file "$2")
  accounts | sql "$2"
  # The init script's server keeps the streams of the connection: they go elsewhere.
  "$here/option-file.sh" "$1" '*' | ssh -F "$SSH_CONFIG" "$2" "cat >$file.new && if cmp -s $file.new $file; then rm $file.new; else
    mv $file.new $file && service mariadb restart >/dev/null 2>&1 </dev/null; fi"
}

prepare 1 "$1" & first=$!
prepare 2 "$4" & second=$!
wait $first
wait $second
if ! replicates "$1" || ! replicates "$4"; then link_both "$@"; fi
