#!/usr/bin/env bash
# Proves that a row crosses in both directions. Leaves a table behind.
#   cross.sh NODE1 NODE2
set -euo pipefail
. "$(dirname "$0")/reach.sh"
table=replicated_session_store.bench_session

run() { sql "$1" <<<"$2"; }

arrives() { # NODE OF THE SOURCE, OF THE REPLICA
  local position
  position=$(run "$1" "SELECT @@GLOBAL.gtid_binlog_pos")
  [[ $(run "$2" "SELECT MASTER_GTID_WAIT('$position', 20)") == 0 ]] || { echo "$2 has not applied $position of $1" >&2; exit 1; }
}

run "$1" "CREATE TABLE IF NOT EXISTS $table (id BIGINT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(9)); INSERT INTO $table (v) VALUES ('db1')"
arrives "$1" "$2"
run "$2" "INSERT INTO $table (v) VALUES ('db2')"
arrives "$2" "$1"
for node in "$1" "$2"; do
  seen=$(run "$node" "SELECT GROUP_CONCAT(v ORDER BY v) FROM $table")
  [[ $seen == db1,db2 ]] || { echo "$node holds the rows $seen" >&2; exit 1; }
done
