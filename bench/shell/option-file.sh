#!/usr/bin/env bash
# Writes the recipe's option file (step 6) for node NUMBER to standard output.
#   option-file.sh NUMBER [ADDRESS TO LISTEN ON]
set -euo pipefail
number=$1

cat <<END
[mariadb]
log-bin
server_id=$number
gtid-domain-id=$number
log-basename=mariadbmaster
binlog-format=MIXED
replicate_wild_do_table="replicated_session_store.%session"
replicate_wild_do_table="replicated_session_store.%attribute"
replicate_wild_do_table="replicated_session_store.%key_id_map"
replicate_wild_do_table="replicated_session_store.%conf"
auto_increment_increment=2
auto_increment_offset=$number
slave_exec_mode=IDEMPOTENT
slave-skip-errors=1452,1062
expire_logs_days=1
max_connections=1000
max_binlog_size=500M
slave-parallel-threads=10
rpl_semi_sync_master_enabled=ON
rpl_semi_sync_slave_enabled=ON
transaction-isolation=READ-COMMITTED
innodb_deadlock_detect=0
${2:+bind-address=$2}
END
