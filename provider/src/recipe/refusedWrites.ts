import type { RefusedWrites } from "./words";

/** Why a server refuses the writes of an account that is as wanted: what each of its errors means, and what to do. */

interface Cause {
  readonly cause: string;
  readonly remedy: string;
  /** True: it may be over in a moment. */
  readonly mayPass?: true;
}

/** A refusal, with its cause. */
export interface Refusal extends Cause {
  readonly errno: number;
  /** As states show it. */
  readonly word: RefusedWrites;
}

const SWITCHED_BACK = "`pulumi up` of the node switches it back: run it for all resources.";
const NO_ROOM: Cause = { cause: "its disk is full", remedy: "Make room on the server's disk." };

const CAUSES: Readonly<Record<number, Cause>> = {
  1290: { cause: "read_only is on", remedy: SWITCHED_BACK },
  1792: {
    cause: "transactions are read-only",
    remedy: `Where transaction_read_only is on, ${SWITCHED_BACK} Else look at what init_connect does.`,
  },
  1036: {
    cause: "the engine of its tables is read-only",
    remedy:
      "Look at innodb_read_only and innodb_force_recovery, in the option files and on the command line that starts the server, and at the permissions of the table's files.",
  },
  1184: {
    cause: "init_connect fails",
    remedy:
      "It runs at each login of an account without all rights, so no proxy gets in: repair what `SELECT @@GLOBAL.init_connect` shows, or SET GLOBAL init_connect=''.",
  },
  1665: {
    cause: "its writes can't be logged with binlog_format=STATEMENT",
    remedy: SWITCHED_BACK,
  },
  1040: {
    cause: "max_connections is reached",
    remedy: "Look at SHOW PROCESSLIST for who holds them, or give `max_connections` in the node's settings.",
    mayPass: true,
  },
  1203: {
    cause: "max_user_connections is reached",
    remedy: "Look at SHOW PROCESSLIST for who holds them, or give `max_user_connections` in the node's settings.",
    mayPass: true,
  },
  1226: {
    cause: "a limit of the account is reached",
    remedy: "Look at SHOW CREATE USER of the account, and at max_user_connections.",
    mayPass: true,
  },
  1205: {
    cause: "its tables are locked",
    remedy:
      "Somebody holds FLUSH TABLES WITH READ LOCK or LOCK TABLES, or changes a table: find that session in SHOW PROCESSLIST, and end it.",
    mayPass: true,
  },
  4150: {
    cause: "it is blocked after too many wrong passwords",
    remedy: "Find out who tries them (max_password_errors, the server's log), and run FLUSH PRIVILEGES on this server.",
  },
  1524: {
    cause: "the plugin that checks its password is not there",
    remedy: "Run INSTALL SONAME with it on this server, or leave `authentication` out.",
  },
  1044: { cause: "it has no right to a database", remedy: "Look at SHOW GRANTS of the account." },
  1142: { cause: "it has no right to a table", remedy: "Look at SHOW GRANTS of the account." },
  1021: NO_ROOM,
  1114: NO_ROOM,
};

/** Other properties show what is wrong then: with the account, or with the server. Or another account is nearer to the socket, where no proxy comes from. */
const SHOWN_ELSEWHERE = [1045, 1053, 1130, 1698, 1820, 1862, 4151];

/** There is nothing yet to write to. The server would have let the account: it asks for rights and for what is read-only first. */
const NOTHING_THERE = [1049, 1146];

/** What a failed login or write means for the proxies; undefined where it keeps none of them from writing, or is shown elsewhere. */
export function refusalOf(errno: number | undefined): Refusal | undefined {
  if (errno === undefined || [...SHOWN_ELSEWHERE, ...NOTHING_THERE].includes(errno)) return undefined;
  const known = CAUSES[errno] ?? { cause: "cause not known", remedy: "Look at the server's log." };
  return { ...known, errno, word: `refused, error ${errno}: ${known.cause}` };
}
