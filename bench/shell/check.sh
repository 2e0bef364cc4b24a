#!/usr/bin/env bash
# Says what of the recipe is missing on a pair, and ends with 1 when anything is. Reads only.
#   check.sh NODE1 ADDRESS1 PORT1 NODE2 ADDRESS2 PORT2
set -euo pipefail
here=$(dirname "$0")
. "$here/reach.sh"
problems=0

problem() { echo "$1" >&2; problems=1; }

wanted() { # NUMBER, ADDRESS AND PORT OF THE SOURCE
  cat <<END
log_bin 1
server_id $1
gtid_domain_id $1
binlog_format MIXED
replicate_wild_do_table replicated_session_store.%session,replicated_session_store.%attribute,replicated_session_store.%key_id_map,replicated_session_store.%conf
auto_increment_increment 2
auto_increment_offset $1
slave_exec_mode IDEMPOTENT
slave_skip_errors 1062,1452
expire_logs_days 1
max_connections 1000
max_binlog_size 524288000
slave_parallel_threads 10
rpl_semi_sync_master_enabled 1
rpl_semi_sync_slave_enabled 1
tx_isolation READ-COMMITTED
innodb_deadlock_detect 0
replicated_session_store utf8mb4 utf8mb4_general_ci
binarylog_user@% $BINARY_LOG_HASH
nevisproxy_user@% $PROXY_HASH
nevisproxy_user@localhost $PROXY_HASH
replication_user@% $REPLICATION_HASH
session_store_admin@localhost $ADMIN_HASH
session_store_monitor@% $MONITOR_HASH
nevisproxy_user@% BINLOG MONITOR
nevisproxy_user@localhost BINLOG MONITOR
replication_user@% REPLICATION SLAVE
session_store_monitor@% BINLOG MONITOR
session_store_monitor@% SLAVE MONITOR
GRANT ALL PRIVILEGES ON \`replicated_session_store\`.* TO \`nevisproxy_user\`@\`%\`
GRANT ALL PRIVILEGES ON \`replicated_session_store\`.* TO \`nevisproxy_user\`@\`localhost\`
Rpl_semi_sync_master_clients 1
Rpl_semi_sync_master_status ON
Rpl_semi_sync_slave_status ON
Master_Host: $2
Master_User: replication_user
Master_Port: $3
Connect_Retry: 10
Slave_IO_Running: Yes
Slave_SQL_Running: Yes
Using_Gtid: Current_Pos
END
}

questions() {
  local variables
  variables=$(wanted 1 x 1 | grep -oE '^[a-z_]+ \S+$' | cut -d' ' -f1)
  for name in $variables; do echo "SELECT '$name', @@GLOBAL.$name;"; done
  cat <<END
SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME='replicated_session_store';
SELECT CONCAT(User, '@', Host), JSON_VALUE(Priv, '$.authentication_string') FROM mysql.global_priv WHERE User NOT IN ('root', 'mysql', 'mariadb.sys', 'PUBLIC', '');
SELECT REPLACE(GRANTEE, '\'', ''), PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES
  WHERE PRIVILEGE_TYPE <> 'USAGE' AND GRANTEE REGEXP '^.(nevisproxy|replication|session_store_monitor)';
SHOW GRANTS FOR nevisproxy_user@'%';
SHOW GRANTS FOR nevisproxy_user@localhost;
SHOW GLOBAL STATUS WHERE Variable_name IN ('Rpl_semi_sync_master_clients', 'Rpl_semi_sync_master_status', 'Rpl_semi_sync_slave_status');
SHOW SLAVE STATUS\G
END
}

check() { # NUMBER NODE, ADDRESS AND PORT OF THE SOURCE
  local seen line
  seen=$(questions | client "$2" | tr '\t' ' ' | sed -E 's/^ *//; s/\.0+$//')
  while IFS= read -r line; do
    [[ $'\n'$seen$'\n' == *$'\n'"$line"$'\n'* ]] || problem "db$1: not as wanted: $line"
  done < <(wanted "$1" "$3" "$4")
  while IFS= read -r line; do
    problem "db$1: not in its option file: $line"
  done < <(comm -23 <("$here/option-file.sh" "$1" | normal) <(on "$2" cat "$(option_file "$2")" | normal))
  return $problems
}

# Lines in one spelling: log-bin is log_bin, OFF is 0, quotes mean nothing.
normal() {
  awk -F= '/^[a-z]/ { gsub("-", "_", $1); gsub("\"", "", $2); sub("^ON$", 1, $2); sub("^OFF$", 0, $2); print $1 "=" $2 }' | sort
}

# Side by side, as two hosts are.
check 1 "$1" "$5" "$6" & first=$!
check 2 "$4" "$2" "$3" & second=$!
wait $first && wait $second
