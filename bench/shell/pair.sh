# The pair by SQL: the same statements as the library's. Used by bring-up.sh and bring-up-hosts.sh.
# Passwords come by the environment (see ../shellPair.mjs): as hashes, but for that of the replication, which CHANGE MASTER wants in clear text.

wait_until() { # WHAT COMMAND...
  local what=$1 deadline=$((SECONDS + 45))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || { echo "waited 45 s for $what" >&2; return 1; }
    sleep 0.02
  done
}

accounts() { # the statements of the recipe's steps 1 to 4
  cat <<END
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

link() { # NODE, ADDRESS AND PORT OF THE SOURCE
  sql "$1" <<END
SET SESSION sql_log_bin=0, sql_log_off=1;
CHANGE MASTER TO MASTER_HOST='$2', MASTER_PORT=$3, MASTER_USER='replication_user', MASTER_PASSWORD='$REPLICATION_PASSWORD',
  MASTER_USE_GTID=current_pos, MASTER_CONNECT_RETRY=10;
START SLAVE;
END
}

replicates() { # NODE: it pulls, and its own commits are acknowledged
  local seen
  seen=$(client "$1" <<<"SHOW SLAVE STATUS\G SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_master_clients';")
  [[ $seen == *"Slave_IO_Running: Yes"* && $seen == *"Slave_SQL_Running: Yes"* && $seen == *$'Rpl_semi_sync_master_clients\t1'* ]]
}

probe() { # NODE OF THE SOURCE, OF THE REPLICA
  local position
  position=$(sql "$1" <<<"DROP DATABASE IF EXISTS pulumi_probe; SELECT @@GLOBAL.gtid_binlog_pos;")
  [[ $(sql "$2" <<<"SELECT MASTER_GTID_WAIT('$position', 45);") == 0 ]]
}

link_both() { # NODE1 ADDRESS1 PORT1 NODE2 ADDRESS2 PORT2
  link "$1" "$5" "$6"
  link "$4" "$2" "$3"
  wait_until "$1 to replicate" replicates "$1"
  wait_until "$4 to replicate" replicates "$4"
  probe "$1" "$4"
  probe "$4" "$1"
}
