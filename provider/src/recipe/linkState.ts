import { type LinkState, WORDS } from "./words";

/** The states of a link that an operator may meet, each with one name and one remedy. */

/** What is seen of one direction. */
export interface LinkFacts {
  readonly ioThread: string;
  readonly sqlThread: string;
  readonly ioError?: { readonly errno: number; readonly text: string } | undefined;
  readonly sqlError?: { readonly errno: number; readonly text: string } | undefined;
}

/** The state of a healthy link. */
export const REPLICATING = WORDS["ReplicationLink.state"].wanted;

/**
 * The name of a link's state; the server's own error text is in it where there is one.
 * @param name of a connection to the source that is not the link
 */
export function linkState(facts: LinkFacts | undefined, name?: string): LinkState {
  if (name !== undefined) return `replicates under the name ${name}`;
  if (!facts) return "not configured";
  const { ioThread, sqlThread, ioError, sqlError } = facts;
  if (ioThread === "Yes" && sqlThread === "Yes") return REPLICATING;
  if (sqlThread === "No" && sqlError) return `stopped by error ${sqlError.errno}: ${sqlError.text}`;
  if (ioThread === "No" && ioError) return `stopped by error ${ioError.errno}: ${ioError.text}`;
  if (ioThread === "No" && sqlThread === "No") return "stopped";
  if (sqlThread === "No") return "SQL thread stopped";
  if (ioThread === "No") return "IO thread stopped";
  return ioError ? `can't connect, error ${ioError.errno}: ${stable(ioError.text)}` : "connecting";
}

/** Errors with which a source refuses the replication account. */
const REFUSED_LOGIN = [1045, 1130, 1698, 1862, 4150, 4151];

export const isRefusedLogin = (errno: number | undefined): boolean =>
  errno !== undefined && REFUSED_LOGIN.includes(errno);

/** Errors of a try to connect that the next try meets again: accounts, rights and TLS are as they are. */
export const isLasting = (errno: number | undefined): boolean =>
  isRefusedLogin(errno) || (errno !== undefined && [1129, 1597, 2026, 3159].includes(errno));

/** What repairs a link that is in the way of a change of a node, which comes before links in `pulumi up`. */
export const repairFirst = (errno: number | undefined, source: string): string =>
  isRefusedLogin(errno)
    ? `Repair that link first: \`pulumi up --target\` the accounts of ${source}, then the link.`
    : "Repair that link first: `pulumi up --target` it, which says what is in the way.";

/** What repairs a link that stopped with this error, beyond what `up` does by itself. */
export function remedy(errno: number | undefined): string {
  switch (errno) {
    case 1045:
    case 1130:
    case 1597:
    case 1698:
    case 1862:
    case 4151:
      return "The replication account is refused: `pulumi up` puts account and password right on the source first.";
    case 1129:
      return "The source has blocked the replica's machine after failed logins: run `FLUSH HOSTS` there, then `pulumi up`.";
    case 4150:
      return "The source has blocked the replication account after too many wrong passwords: run `FLUSH PRIVILEGES` there, then `pulumi up`.";
    case 1049:
    case 1146:
      return (
        "Something that a statement names is missing on the replica. A table or database that replicates, `pulumi up` copies from the source first. " +
        "What does not replicate, such as the table that a view or a LIKE names, make on the replica by hand, after SET SESSION sql_log_bin=0, then run it."
      );
    case 1236:
      return (
        "The source no longer has what the replica needs: its binary log was purged or reset, or the source went back in time. `pulumi up` looks at " +
        "the logs and rows of both, and says what to save first; don't set gtid_slave_pos by hand, that loses sessions without a word."
      );
    case 1201:
      return "The replica's files about replication are damaged: `pulumi up` of this link makes them again.";
    case 1593:
      return "Both servers have the same server_id: give the nodes the numbers 1 and 2.";
    case 1677:
      return "A column has another type or character set on the replica: align the table on both nodes, then run `pulumi up`.";
    case 2003:
      return "The source can't be reached at that address and port: look at bind_address, the firewall, and whether it runs.";
    case 2026:
    case 3159:
      return (
        "Replica and source don't agree on TLS: look at the `tls` of both nodes and of the link, and at `requireTls` of the account on the source, " +
        "then run `pulumi up`."
      );
    default:
      return "Mend what the server says, then run `pulumi up` again.";
  }
}

/** Without what changes from one try to the next, so that two looks at the same fault read the same. */
const stable = (text: string): string =>
  text.replace(/\s*-?\s*retry-time:.*$/s, "").replace(/,?\s*(retries|message):.*$/s, "");
