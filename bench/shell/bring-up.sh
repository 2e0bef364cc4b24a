#!/usr/bin/env bash
# The pair by script: the same SQL and files as the library's, on two empty running servers of this machine.
#   bring-up.sh DIRECTORY1 PORT1 DIRECTORY2 PORT2
# Passwords come by the environment (see ../shellPair.mjs): as hashes, but for that of the replication, which CHANGE MASTER wants in clear text.
set -euo pipefail
here=$(dirname "$0")

sql() { mariadb --no-defaults --batch --skip-column-names --socket="$1/mariadb.sock"; }
accepts() { mariadb-admin --no-defaults --silent --connect-timeout=2 --socket="$1/mariadb.sock" ping >/dev/null 2>&1; }

wait_until() { # WHAT COMMAND...
  local what=$1 deadline=$((SECONDS + 45))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || { echo "waited 45 s for $what" >&2; return 1; }
    sleep 0.02
  done
}

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
  (umask 077 && "$here/option-file.sh" "$1" >"$2/conf.d/99-session-store.cnf")
  restart "$2"
  sql "$2" <<END
SET SESSION sql_log_bin=0;
CREATE USER IF NOT EXISTS session_store_admin@localhost IDENTIFIED BY PASSWORD '$ADMIN_HASH';
GRANT ALL PRIVILEGES ON *.* TO session_store_admin@localhost WITH GRANT OPTION;
CREATE DATABASE IF NOT EXISTS replicated_session_store CHARACTER SET = 'utf8mb4' COLLATE = 'utf8mb4_general_ci';
CREATE USER IF NOT EXISTS nevisproxy_user@'%' IDENTIFIED BY PASSWORD '$PROXY_HASH', nevisproxy_user@localhost IDENTIFIED BY PASSWORD '$PROXY_HASH';
GRANT REPLICATION CLIENT ON *.* TO nevisproxy_user@'%', nevisproxy_user@localhost;
GRANT ALL PRIVILEGES ON replicated_session_store.* TO nevisproxy_user@'%', nevisproxy_user@localhost;
CREATE USER IF NOT EXISTS replication_user@'%' IDENTIFIED BY PASSWORD '$REPLICATION_HASH';
GRANT REPLICATION SLAVE ON *.* TO replication_user@'%';
CREATE USER IF NOT EXISTS binarylog_user@'%' IDENTIFIED BY PASSWORD '$BINARY_LOG_HASH';
GRANT SUPER ON *.* TO binarylog_user@'%';
CREATE USER IF NOT EXISTS session_store_monitor@'%' IDENTIFIED BY PASSWORD '$MONITOR_HASH';
GRANT SLAVE MONITOR, BINLOG MONITOR ON *.* TO session_store_monitor@'%';
END
}

link() { # DIRECTORY, PORT OF THE SOURCE
  sql "$1" <<END
SET SESSION sql_log_bin=0, sql_log_off=1;
CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=$2, MASTER_USER='replication_user', MASTER_PASSWORD='$REPLICATION_PASSWORD',
  MASTER_USE_GTID=current_pos, MASTER_CONNECT_RETRY=10;
START SLAVE;
END
}

replicates() { # DIRECTORY: it pulls, and its own commits are acknowledged
  local seen
  seen=$(mariadb --no-defaults --batch --socket="$1/mariadb.sock" <<<"SHOW SLAVE STATUS\G SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_master_clients';")
  [[ $seen == *"Slave_IO_Running: Yes"* && $seen == *"Slave_SQL_Running: Yes"* && $seen == *$'Rpl_semi_sync_master_clients\t1'* ]]
}

probe() { # DIRECTORY OF THE SOURCE, OF THE REPLICA
  local position
  position=$(sql "$1" <<<"DROP DATABASE IF EXISTS pulumi_probe; SELECT @@GLOBAL.gtid_binlog_pos;")
  [[ $(sql "$2" <<<"SELECT MASTER_GTID_WAIT('$position', 45);") == 0 ]]
}

prepare 1 "$1" & first=$!
prepare 2 "$3" & second=$!
wait $first
wait $second
link "$1" "$4"
link "$3" "$2"
wait_until "$1 to replicate" replicates "$1"
wait_until "$3 to replicate" replicates "$3"
probe "$1" "$3"
probe "$3" "$1"
