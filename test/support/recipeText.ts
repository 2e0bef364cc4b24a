/**
 * The vendor's page "Step-by-step setup of the replicated session store" (4.6.x LTS), its SQL and option files to the
 * letter. Nothing of ours may change it: it is what our own result is compared with.
 */

/** Steps 1 to 4: the same on both hosts. */
export const DATABASE_AND_ACCOUNTS = `
CREATE DATABASE IF NOT EXISTS replicated_session_store CHARACTER SET = 'utf8mb4' COLLATE = 'utf8mb4_general_ci';
CREATE USER IF NOT EXISTS nevisproxy_user IDENTIFIED BY 'nevisproxypassword';
GRANT REPLICATION CLIENT ON *.* TO nevisproxy_user;
GRANT ALL PRIVILEGES ON replicated_session_store.* TO nevisproxy_user;
CREATE USER IF NOT EXISTS 'nevisproxy_user'@'LocalHostName' IDENTIFIED BY 'nevisproxypassword';
GRANT REPLICATION CLIENT ON *.* TO 'nevisproxy_user'@'LocalHostName';
GRANT ALL PRIVILEGES ON replicated_session_store.* TO 'nevisproxy_user'@'LocalHostName';
CREATE USER IF NOT EXISTS replication_user IDENTIFIED BY 'replicationpassword';
GRANT REPLICATION SLAVE ON *.* TO replication_user;
CREATE USER IF NOT EXISTS binarylog_user IDENTIFIED BY 'binarylogspassword';
GRANT SUPER ON *.* TO binarylog_user;
`;

/** Step 6: the option file of host-db1 and host-db2, which differ in three lines. */
export const optionFile = (node: 1 | 2): string => `[mariadb]
# Enabling binary log
log-bin
# The ID of this master (*)
server_id=${node}
# The ID of the replication stream created by this master (*)
gtid-domain-id=${node}
# The basename and format of the binary log
log-basename=mariadbmaster
binlog-format=MIXED
# Setting which tables are replicated
replicate_wild_do_table="replicated_session_store.%session"
replicate_wild_do_table="replicated_session_store.%attribute"
replicate_wild_do_table="replicated_session_store.%key_id_map"
replicate_wild_do_table="replicated_session_store.%conf"
# Avoiding collisions of primary IDs for tables where the primary ID is auto-incremented
# Auto-increment value
auto_increment_increment=2
# Auto-increment offset (*)
auto_increment_offset=${node}
# Suppressing duplicated keys errors for multi-master setup
slave_exec_mode=IDEMPOTENT
# Ignoring some data definition language errors
slave-skip-errors=1452,1062
# Suppressing binary logs after a delay regardless of the replication status
expire_logs_days=1
# Maximum number of connections
max_connections=1000
# Size of each of the binary log files (default: 1GB)
max_binlog_size=500M
# Enabling writing to the DB in parallel threads for the replication
slave-parallel-threads=10
# enabling semi-synchronous replication
rpl_semi_sync_master_enabled=ON
rpl_semi_sync_slave_enabled=ON
# change to READ COMMITTED
transaction-isolation=READ-COMMITTED
# will make sure sync process does not stop after a deadlock
innodb_deadlock_detect=0
`;

/** Step 7, on each host; `master` is the other one. */
export const setMaster = (master: string): string => `CHANGE MASTER TO
MASTER_HOST='${master}',
MASTER_USER='replication_user',
MASTER_PASSWORD='replicationpassword',
MASTER_PORT=3306,
MASTER_USE_GTID=current_pos,
MASTER_CONNECT_RETRY=10;`;

export const START_REPLICATION = "START SLAVE;";
