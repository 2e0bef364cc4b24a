#!/bin/bash
# Copies the databases of one server over those of another, as an operator types it: with the options that the library uses, unlogged.
# $1: directory of the source, $2: of the target, $3: the database
set -e -o pipefail
mariadb-dump --no-defaults --socket="$1/mariadb.sock" --single-transaction --hex-blob --skip-add-drop-table \
  --default-character-set=utf8mb4 --net-buffer-length=131072 --skip-add-locks --gtid --master-data=2 --routines --triggers --events --add-drop-database --databases "$3" |
  mariadb --no-defaults --socket="$2/mariadb.sock" --init-command='SET SESSION sql_log_bin=0' \
    --default-character-set=utf8mb4 --binary-mode
