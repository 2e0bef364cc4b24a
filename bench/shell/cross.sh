#!/usr/bin/env bash
# Proves that a row crosses in both directions. Leaves a table behind.
#   cross.sh DIRECTORY1 DIRECTORY2
set -euo pipefail
table=replicated_session_store.bench_session

sql() { mariadb --no-defaults --batch --skip-column-names --socket="$1/mariadb.sock" -e "$2"; }

arrives() { # DIRECTORY OF THE SOURCE, OF THE REPLICA
  local position
  position=$(sql "$1" "SELECT @@GLOBAL.gtid_binlog_pos")
  [[ $(sql "$2" "SELECT MASTER_GTID_WAIT('$position', 20)") == 0 ]] || { echo "$2 has not applied $position of $1" >&2; exit 1; }
}

sql "$1" "CREATE TABLE IF NOT EXISTS $table (id BIGINT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(9)); INSERT INTO $table (v) VALUES ('db1')"
arrives "$1" "$2"
sql "$2" "INSERT INTO $table (v) VALUES ('db2')"
arrives "$2" "$1"
for directory in "$1" "$2"; do
  seen=$(sql "$directory" "SELECT GROUP_CONCAT(v ORDER BY v) FROM $table")
  [[ $seen == db1,db2 ]] || { echo "$directory holds the rows $seen" >&2; exit 1; }
done
