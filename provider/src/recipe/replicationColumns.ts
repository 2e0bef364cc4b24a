/**
 * Every column of SHOW ALL SLAVES STATUS and SHOW MASTER STATUS, and what is made of it. A replica may receive and acknowledge each GTID of its
 * source and yet not its rows: what brings that about stands in one of these columns. So a column that is not here is told of.
 */

export interface Column {
  /** `compared`: a value that is not wanted is drift. `shown`: previews or errors say it. */
  readonly is: "compared" | "shown" | "irrelevant";
  /** Compared and shown: in which property. Irrelevant: why. */
  readonly how: string;
  /** The link wants this value and no other, and shows any other as this option. */
  readonly only?: { readonly value: string; readonly option: string };
}

const compared = (how: string): Column => ({ is: "compared", how });
const shown = (how: string): Column => ({ is: "shown", how });
const irrelevant = (how: string): Column => ({ is: "irrelevant", how });
const only = (value: string, option: string): Column => ({
  is: "compared",
  how: "ReplicationLink.otherOptions",
  only: { value, option },
});

const FILTER = compared("MariaDbNode.settings");
const PLACE = irrelevant("moves with each transaction; GTIDs say where the replica is");
const COUNTER = irrelevant("counts what happened");
const THREAD = irrelevant("what a thread is doing at the moment");
const STATE = compared("ReplicationLink.state");
const TLS = compared("ReplicationLink.tls");

export const REPLICA_COLUMNS: Readonly<Record<string, Column>> = {
  Connection_name: STATE,
  Slave_SQL_State: THREAD,
  Slave_IO_State: THREAD,
  Master_Host: compared("ReplicationLink.sourceAddress"),
  Master_User: compared("ReplicationLink.user"),
  Master_Port: compared("ReplicationLink.sourcePort"),
  Connect_Retry: compared("ReplicationLink.connectRetry"),
  Master_Log_File: PLACE,
  Read_Master_Log_Pos: PLACE,
  Relay_Log_File: PLACE,
  Relay_Log_Pos: PLACE,
  Relay_Master_Log_File: PLACE,
  Slave_IO_Running: STATE,
  Slave_SQL_Running: STATE,
  Replicate_Do_DB: FILTER,
  Replicate_Ignore_DB: FILTER,
  Replicate_Do_Table: FILTER,
  Replicate_Ignore_Table: FILTER,
  Replicate_Wild_Do_Table: FILTER,
  Replicate_Wild_Ignore_Table: FILTER,
  Replicate_Rewrite_DB: FILTER,
  Last_Errno: irrelevant("the same as Last_SQL_Errno"),
  Last_Error: irrelevant("the same as Last_SQL_Error"),
  Skip_Counter: only("0", "sql_slave_skip_counter"),
  Exec_Master_Log_Pos: PLACE,
  Relay_Log_Space: COUNTER,
  Until_Condition: only("None", "START SLAVE UNTIL"),
  Until_Log_File: irrelevant("says where Until_Condition ends"),
  Until_Log_Pos: irrelevant("says where Until_Condition ends"),
  Master_SSL_Allowed: TLS,
  Master_SSL_CA_File: TLS,
  Master_SSL_CA_Path: only("", "MASTER_SSL_CAPATH"),
  Master_SSL_Cert: TLS,
  Master_SSL_Cipher: only("", "MASTER_SSL_CIPHER"),
  Master_SSL_Key: compared("ReplicationLink.otherOptions"),
  Seconds_Behind_Master: irrelevant("0 also where nothing arrives; the proof waits for a row instead"),
  Master_SSL_Verify_Server_Cert: TLS,
  Last_IO_Errno: shown("ReplicationLink.state"),
  Last_IO_Error: shown("ReplicationLink.state"),
  Last_SQL_Errno: shown("ReplicationLink.state"),
  Last_SQL_Error: shown("ReplicationLink.state"),
  Replicate_Ignore_Server_Ids: only("", "IGNORE_SERVER_IDS"),
  Master_Server_Id: shown("ReplicationLink.state: whether a connection under a name comes from the source"),
  Master_SSL_Crl: only("", "MASTER_SSL_CRL"),
  Master_SSL_Crlpath: only("", "MASTER_SSL_CRLPATH"),
  Using_Gtid: compared("ReplicationLink.useGtid"),
  Gtid_IO_Pos: irrelevant("moves with each transaction; waits and histories go by it"),
  Replicate_Do_Domain_Ids: only("", "DO_DOMAIN_IDS"),
  Replicate_Ignore_Domain_Ids: only("", "IGNORE_DOMAIN_IDS"),
  Parallel_Mode: irrelevant("in which order transactions are tried; all are applied"),
  SQL_Delay: only("0", "MASTER_DELAY"),
  SQL_Remaining_Delay: irrelevant("the rest of SQL_Delay"),
  Slave_SQL_Running_State: THREAD,
  Slave_DDL_Groups: COUNTER,
  Slave_Non_Transactional_Groups: COUNTER,
  Slave_Transactional_Groups: COUNTER,
  Retried_transactions: COUNTER,
  Max_relay_log_size: irrelevant("how the relay log is cut into files"),
  Executed_log_entries: COUNTER,
  Slave_received_heartbeats: COUNTER,
  Slave_heartbeat_period: compared("ReplicationLink.heartbeatPeriod, where that is given"),
  Gtid_Slave_Pos: irrelevant("moves with each transaction; waits and histories go by it"),
  // From MariaDB 11.6 on.
  Master_last_event_time: COUNTER,
  Slave_last_event_time: COUNTER,
  Master_Slave_time_diff: COUNTER,
  // From MariaDB 12 on.
  Connects_Tried: COUNTER,
  Master_Retry_Count: irrelevant("how often it tries to connect; `up` lets it try again"),
};

export const SOURCE_COLUMNS: Readonly<Record<string, Column>> = {
  File: PLACE,
  Position: PLACE,
  Binlog_Do_DB: FILTER,
  Binlog_Ignore_DB: FILTER,
};

/** Columns of an answer that the table does not have: a later version may keep rows from a replica by what stands there. */
export const unknownColumns = (columns: readonly string[], known: Readonly<Record<string, Column>>): string[] =>
  columns.filter((column) => !Object.hasOwn(known, column));

/** The options of a replica that its link does not want, as `IGNORE_SERVER_IDS=(5, 7)`. */
export function otherOptions(value: (column: string) => string): string[] {
  const key = value("Master_SSL_Key");
  return [
    ...Object.entries(REPLICA_COLUMNS).flatMap(([column, { only }]) => {
      const seen = only && value(column);
      return only && seen !== only.value ? [`${only.option}=${/_IDS$/.test(only.option) ? `(${seen})` : seen}`] : [];
    }),
    // Our certificates have their key in the same file.
    ...(key === value("Master_SSL_Cert") ? [] : [`MASTER_SSL_KEY=${key}`]),
  ];
}
